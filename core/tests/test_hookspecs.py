from __future__ import annotations

import inspect
from contextlib import AbstractAsyncContextManager

import pytest

import pybayeux
from pybayeux import AsyncClient, BayeuxClient, BayeuxError, Drop, HookClient, Redelivery, hookimpl
from pybayeux.errors import UsageError
from pybayeux.extensions.catalogue import HookManager, core_hooks
from pybayeux.extensions.compiled_hooks import CompiledHook, CompiledHooks
from pybayeux.hookspecs import HookSpecs

CONTRACT = {
    "outgoing": ("message", "client"),
    "incoming": ("message", "client"),
    "registered": ("name", "client"),
    "unregistered": ("name", "client"),
    "delivered": ("message", "client"),
    "unsubscribed": ("channel", "client"),
    "redelivery": ("client",),
    "extend_timeout": ("message", "client"),
    "channel_error": ("channel", "client"),
    "transaction": ("message", "client", "earlier"),
    "dead_letter": ("message", "subscription", "error", "client"),
    "interpret_error": ("error", "client"),
    "diagnose": ("findings", "client"),
    "state_changed": ("old", "new", "client"),
    "failed": ("error", "client"),
    "request": ("request", "client"),
    "response": ("response", "client"),
    "resolve_url": ("url",),
    "register_transports": ("registry",),
    "register_commands": ("cli",),
}

RESULTS: dict[str, tuple[type, ...]] = {
    "outgoing": (Drop,),
    "incoming": (Drop,),
    "redelivery": (Redelivery,),
    "extend_timeout": (int, float),
    "channel_error": (BayeuxError,),
    "transaction": (AbstractAsyncContextManager,),
    "dead_letter": (str,),
    "interpret_error": (BayeuxError,),
    "resolve_url": (str,),
}

WAITING = {
    "outgoing",
    "dead_letter",
    "incoming",
    "registered",
    "unregistered",
    "delivered",
    "diagnose",
    "state_changed",
    "failed",
    "request",
    "response",
}


def test_hooks_are_those_of_the_contract() -> None:
    assert {name: signature.arguments for name, signature in core_hooks().items()} == CONTRACT


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
    assert options["firstresult"] == (name in RESULTS)


def test_hooks_take_the_results_of_their_annotations() -> None:
    assert {name: signature.results for name, signature in core_hooks().items() if signature.results} == RESULTS


def test_hooks_that_are_async_def_may_wait() -> None:
    assert {name for name, signature in core_hooks().items() if signature.waits} == WAITING


def test_order_and_errors_are_those_of_the_contract() -> None:
    rules = {name: signature.rule for name, signature in core_hooks().items()}
    assert {name for name, rule in rules.items() if rule.mirrored} == {"incoming", "response"}
    raising = {name for name, rule in rules.items() if rule.on_error == "raise"}
    assert raising == {"outgoing", "registered", "dead_letter", "request", "resolve_url"}
    assert [name for name, rule in rules.items() if rule.on_error == "log"] == ["failed"]
    assert {name for name, rule in rules.items() if rule.called_on == "one"} == {"registered", "unregistered"}
    early = {name for name, rule in rules.items() if rule.called_on == "all"}
    assert early == {"resolve_url", "register_transports", "register_commands"}


def test_there_is_a_pipeline_for_each_hook_of_ready_extensions() -> None:
    compiled = {name for name, value in vars(CompiledHooks).items() if isinstance(value, CompiledHook)}
    assert compiled == {name for name, signature in core_hooks().items() if signature.rule.called_on == "ready"}


def test_drop_carries_its_reason() -> None:
    drop = Drop("why")
    assert drop.reason == "why"
    assert drop == Drop("why")
    with pytest.raises(AttributeError):
        drop.reason = "other"  # type: ignore[misc]


def test_what_authors_need_is_in_the_top_package() -> None:
    assert pybayeux.hookimpl is hookimpl
    assert pybayeux.Drop is Drop


def test_marker_leaves_the_function_alone() -> None:
    def outgoing(message: object) -> None: ...

    assert hookimpl(outgoing) is outgoing
    assert hookimpl(tryfirst=True)(outgoing) is outgoing


def test_both_clients_fulfil_the_hook_client_protocol() -> None:
    clients: list[HookClient] = [  # mypy checks that each of them is one
        AsyncClient("http://host/cometd", discover=False),
        BayeuxClient("http://host/cometd", discover=False),
    ]
    members = {name for name in vars(HookClient) if not name.startswith("_")}
    assert [client.recovers for client in clients] == [True, False]
    assert all(hasattr(client, name) for client in clients for name in members)


@pytest.mark.parametrize("call", ["resubscribe", "rehandshake"])
def test_the_low_level_client_says_what_it_leaves_to_its_caller(call: str) -> None:
    client: HookClient = BayeuxClient("http://host/cometd", discover=False)
    with pytest.raises(UsageError, match=f"{call}.*leaves that to its caller, use"):
        getattr(client, call)("/orders")


def test_a_redelivery_comes_by_itself_or_is_asked_for() -> None:
    assert Redelivery() == Redelivery(None)
    request = list[int]().clear
    assert Redelivery(request).request is request


def test_extensions_see_the_http_client_that_the_user_passed() -> None:
    http = object()
    for kind in (AsyncClient, BayeuxClient):
        assert kind("http://host/cometd", discover=False).http is None
        assert kind("http://host/cometd", discover=False, http=http).http is http
