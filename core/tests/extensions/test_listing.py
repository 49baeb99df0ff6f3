from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pybayeux.extensions.listing import list_extensions

if TYPE_CHECKING:
    import pytest

    from core.tests.extensions.packages import Packages


def test_every_state_is_listed(packages: Packages) -> None:
    packages.signature()
    packages.add("broken", {"broken": "nowhere_to_be_found"})
    packages.add(
        "plain", {"plain": "plain_module", "away": "plain_module"}, plain_module="@hookimpl\ndef incoming(): ..."
    )
    states = {each.name: each.state.value for each in list_extensions(disabled=["away"])}
    assert states == {"signature": "not configured", "broken": "broken", "plain": "active", "away": "disabled"}


def test_listing_becomes_json(packages: Packages) -> None:
    packages.signature()
    assert msgspec.json.decode(msgspec.json.encode(list_extensions())) == [
        {
            "name": "signature",
            "dist": "signature-extension",
            "version": "1.2",
            "state": "not configured",
            "hooks": ["outgoing"],
            "options": [
                {"name": "key", "type": "str", "default": None, "required": True, "value": None, "source": ""},
                {
                    "name": "header",
                    "type": "str",
                    "default": "com.example.sig",
                    "required": False,
                    "value": "com.example.sig",
                    "source": "default",
                },
            ],
            "brings": [],
            "reason": "missing options: key",
            "order": None,
            "commands": [],
        }
    ]


def test_given_options_count(packages: Packages) -> None:
    packages.signature()
    (active,) = list_extensions({"signature": {"key": "k"}})
    assert (active.state.value, active.reason) == ("active", "")
    (broken,) = list_extensions({"signature": {"keey": "k"}})
    assert broken.state.value == "broken"
    assert "did you mean 'key'" in broken.reason


def test_one_whose_constructor_fails_is_broken(packages: Packages) -> None:
    source = "class Bomb:\n def __init__(self): raise SystemExit('boom')\n @hookimpl\n def incoming(self): ..."
    packages.add("bomb", {"bomb": "bomb_module:Bomb"}, bomb_module=source)
    (bomb,) = list_extensions()
    assert bomb.state.value == "broken"
    assert "extension 'bomb' of bomb 1.2 cannot be made: SystemExit: boom" in bomb.reason


def test_one_without_hooks_is_broken(packages: Packages) -> None:
    packages.add("idle", {"idle": "idle_module:main"}, idle_module="def main(): ...")
    (idle,) = list_extensions()
    assert idle.state.value == "broken"
    assert "extension 'idle' of idle 1.2: it implements no hook: expected a class" in idle.reason


def test_options_for_what_is_not_there_are_told(
    packages: Packages, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages.signature()
    monkeypatch.setenv("PYBAYEUX_SIGNATURE_KEYY", "k")
    list_extensions({"Signature": {"key": "k"}})
    assert caplog.messages == [
        "options were given for extension 'Signature', but there is no such extension; did you mean 'signature'?",
        "PYBAYEUX_SIGNATURE_KEYY is set in the environment, but is not used: did you mean PYBAYEUX_SIGNATURE_KEY?",
    ]


def test_values_are_shown_as_plain_data_without_secrets(packages: Packages) -> None:
    source = """
    class Store:
        def __init__(
            self, url: str, password: str = "", headers: dict[str, str] = {}, names: tuple[str, ...] = (),
            limit: int = 1, rule: object = None, tokens: list[str] = [],
        ) -> None: ...

        @hookimpl
        def incoming(self): ...
    """
    packages.add("store", {"store": "store_module:Store"}, store_module=source)
    given = {
        "url": "redis://me:hunter2@host/1",
        "password": "hunter2",
        "headers": {"Authorization": "Bearer hunter2", "Accept": "json"},
        "names": ("a", "amqp://me:hunter2@host"),
        "limit": 3,
        "rule": complex(1, 2),
        "tokens": ["hunter2"],
    }
    [listed] = list_extensions({"store": given})
    assert {each.name: each.value for each in listed.options} == {
        "url": "redis://me:***@host/1",
        "password": "***",
        "headers": {"Authorization": "***", "Accept": "json"},
        "names": ["a", "amqp://me:***@host"],
        "limit": 3,
        "rule": "(1+2j)",
        "tokens": "***",
    }
    assert b"hunter2" not in msgspec.json.encode(listed)
