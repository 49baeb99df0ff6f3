from __future__ import annotations

import inspect

import pytest

import pybayeux
from pybayeux.extensions.manager import HookManager
from pybayeux.hookspecs import HOOK_ARGUMENTS, SYNC_HOOKS, Drop, HookSpecs, hookimpl

CONTRACT = {
    "outgoing": ("message", "client"),
    "incoming": ("message", "client"),
    "registered": ("name", "client"),
    "unregistered": ("name", "client"),
    "delivered": ("message", "client"),
    "unsubscribed": ("channel", "client"),
    "redelivers": ("client",),
    "late": ("message", "client"),
    "rewind": ("client",),
    "transaction": ("message", "client"),
    "explain": ("error", "client"),
    "state_changed": ("old", "new", "client"),
    "failed": ("error", "client"),
    "request": ("request", "client"),
    "response": ("response", "client"),
    "resolve": ("url",),
    "register_transports": ("registry",),
    "register_commands": ("cli",),
}

FIRST_RESULT = {"outgoing", "incoming", "redelivers", "late", "transaction", "explain", "resolve"}


def test_hooks_are_those_of_the_contract() -> None:
    assert dict(HOOK_ARGUMENTS) == CONTRACT


def test_pluggy_knows_the_same_arguments() -> None:
    hooks = vars(HookManager().hook)
    assert {name: hook.spec.argnames for name, hook in hooks.items()} == CONTRACT


@pytest.mark.parametrize("name", CONTRACT)
def test_every_hook_is_documented(name: str) -> None:
    text = inspect.getdoc(getattr(HookSpecs, name))
    assert text is not None
    assert "exception" in text.lower(), "says what an exception does"


@pytest.mark.parametrize("name", CONTRACT)
def test_first_result_ends_the_hooks_that_know_one(name: str) -> None:
    options = getattr(HookSpecs, name).pybayeux_spec
    assert options["firstresult"] == (name in FIRST_RESULT)


def test_sync_hooks_exist() -> None:
    assert set(CONTRACT) >= SYNC_HOOKS


def test_drop_carries_its_reason() -> None:
    drop = Drop("why")
    assert drop.reason == "why"
    assert drop == Drop("why")
    with pytest.raises(AttributeError):
        drop.reason = "other"  # type: ignore[misc]


def test_author_needs_two_names_of_the_top_package() -> None:
    assert pybayeux.hookimpl is hookimpl
    assert pybayeux.Drop is Drop


def test_marker_leaves_the_function_alone() -> None:
    def outgoing(message: object) -> None: ...

    assert hookimpl(outgoing) is outgoing
    assert hookimpl(tryfirst=True)(outgoing) is outgoing
