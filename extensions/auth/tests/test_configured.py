from __future__ import annotations

import asyncio
import inspect
import json
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import AsyncClient, errors
from pybayeux.extensions.candidates import State
from pybayeux.extensions.listing import list_extensions
from pybayeux.testing import Harness, in_virtual_time
from pybayeux_auth import Auth, LoginMisconfiguredError
from pybayeux_auth.configured import ConfiguredAuth
from pybayeux_auth.settings import FlowSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URL = "https://example.com/cometd"
SESSION = {"flow": "session", "session_id": "00D1!abc", "server_url": "https://my-org.my.salesforce.com"}


def test_the_options_are_those_of_settings_and_auth() -> None:
    options = list(inspect.signature(ConfiguredAuth).parameters)
    own = [name for name in inspect.signature(Auth).parameters if name not in ("token", "clock")]
    assert options == ["token", *inspect.signature(FlowSettings).parameters, *own]
    assert all(each.default is not each.empty for each in inspect.signature(ConfiguredAuth).parameters.values())


@in_virtual_time
async def test_a_token_and_its_scheme() -> None:
    async with Harness(ConfiguredAuth, {"token": "abc", "scheme": "OAuth", "messages": ["connect"]}) as harness:
        assert harness.server.requests[0].headers["Authorization"] == "OAuth abc"


@in_virtual_time
async def test_a_flow_from_options() -> None:
    async with Harness(ConfiguredAuth, SESSION) as harness:
        assert harness.server.requests[0].headers["Authorization"] == "Bearer 00D1!abc"
        assert isinstance(harness.extension, Auth)
        assert harness.extension.grant is not None
        assert harness.extension.grant.instance_url == "https://my-org.my.salesforce.com"


@in_virtual_time
async def test_a_referenced_token_is_read_again_after_a_refusal(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("first\n")
    async with Harness(ConfiguredAuth, {"token": f"file:{tmp_path / 'token'}"}) as harness:
        (tmp_path / "token").write_text("second\n")
        harness.server.refuse_next("/meta/connect", "401::Authentication invalid")
        await harness.clock.advance(5)
        sent = [request.headers["Authorization"] for request in harness.server.requests]
        assert list(dict.fromkeys(sent)) == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "either token or flow"),
        ({"token": "abc"} | SESSION, "either token or flow"),
        ({"token": "abc", "client_id": "a"}, "expected an option flow"),
        ({"flow": "jwt"}, "flow 'jwt': expected"),
    ],
)
def test_contradicting_options_are_errors(options: dict[str, Any], why: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match=why):
        ConfiguredAuth(**options)


# -- the installed extension


def _state(options: dict[str, Any] | None = None) -> tuple[State, str]:
    [info] = [each for each in list_extensions({"auth": options} if options else None) if each.name == "auth"]
    return info.state, info.reason


def test_it_is_the_installed_extension() -> None:
    [found] = [each for each in entry_points(group="pybayeux") if each.name == "auth"]
    assert found.load() is ConfiguredAuth


def test_without_token_and_flow_it_is_not_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _state() == (State.NOT_CONFIGURED, "missing options: token or flow")
    assert _state({"token": "abc"}) == (State.ACTIVE, "")
    assert _state({"flow": "sf"}) == (State.ACTIVE, "")
    assert _state({"scheme": "OAuth"})[0] is State.BROKEN
    monkeypatch.setenv("PYBAYEUX_AUTH_FLOW", "sf")
    assert _state() == (State.ACTIVE, "")


def test_every_option_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for option, value in SESSION.items():
        monkeypatch.setenv(f"PYBAYEUX_AUTH_{option.upper()}", value)
    monkeypatch.setenv("PYBAYEUX_AUTH_HOSTS", json.dumps(["a.example.com"]))
    monkeypatch.setenv("PYBAYEUX_AUTH_REFRESHES", "7")
    monkeypatch.setenv("PYBAYEUX_AUTH_MIN_INTERVAL", "0.5")
    AsyncClient(URL)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"flow": "jwt"}, "flow 'jwt': expected client_id, username and private_key; missing: client_id"),
        ({"flow": "kerberos"}, "'flow' is wrong"),
        ({"flow": "sf", "user_name": "me"}, "did you mean 'username'"),
        ({"flow": "password", "password": ["hunter2"]}, "'password' is wrong"),
    ],
)
def test_a_wrong_configuration_is_an_option_error(options: dict[str, Any], why: str) -> None:
    with pytest.raises(errors.ExtensionOptionError, match=why) as caught:
        AsyncClient(URL, options={"auth": options})
    assert "hunter2" not in str(caught.value)


def test_a_passed_extension_replaces_it() -> None:
    class Own(Auth):
        """A user's own."""

    async def scenario(extension: Auth) -> None:
        client = AsyncClient(URL, extensions=[extension])
        await client.remove("auth")
        with pytest.raises(errors.ExtensionError):
            await client.remove("auth")

    for extension in (Auth("abc"), Own("abc"), ConfiguredAuth("abc")):
        asyncio.run(scenario(extension))


# -- the contract of extensions


@pytest.mark.parametrize(
    "options",
    [
        {"token": "abcdef"},
        {"token": "abcdef", "ext": "a/b", "messages": ["handshake", "subscribe", "publish"], "min_interval": 0},
        SESSION,
    ],
)
def test_contract_with_options(options: dict[str, Any], bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(ConfiguredAuth, options)


def test_contract_with_a_function(bayeux_contract: Callable[..., None]) -> None:
    bayeux_contract(lambda: Auth(lambda: "abc"))


def test_contract_with_a_flow(bayeux_contract: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SESSION", "00D1!S3cret-0f-the-envir0nment")
    bayeux_contract(ConfiguredAuth, SESSION | {"session_id": "env:SESSION"})
