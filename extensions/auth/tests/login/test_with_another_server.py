"""The login of a person with an authorization server that others wrote, over the network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from extensions.auth.tests.authorization_server import CLIENT_ID, AuthorizationServer, running
from pybayeux_auth import FileTokenStore, LoginMisconfiguredError, LoginRefusedError, RefreshTokenFlow
from pybayeux_auth.flows.app import App
from pybayeux_auth.flows.token_endpoint import TokenEndpoint
from pybayeux_auth.login.device_flow import DeviceCodes, log_in_with_device
from pybayeux_auth.login.endpoints import find_endpoints
from pybayeux_auth.login.revocation import revoke
from pybayeux_auth.login.web_server_flow import log_in_with_browser
from pybayeux_auth.stores.stored_token import StoredToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pybayeux_auth import Grant

APP = App(CLIENT_ID)
SCOPE = "events offline_access"


@pytest.fixture
def server() -> AuthorizationServer:
    return AuthorizationServer()


@pytest.fixture
def origin(server: AuthorizationServer) -> Iterator[str]:
    with running(server) as address:
        yield address


class Person:
    """Opens an address as a browser does, and follows its redirects."""

    def __call__(self, address: str, redirect_uri: str) -> None:
        self._opening = asyncio.ensure_future(self._open(address))

    async def page(self) -> str:
        """The page that was shown at the end."""
        return await self._opening

    async def _open(self, address: str) -> str:
        async with httpx.AsyncClient(follow_redirects=True, trust_env=False) as http:
            return (await http.get(address)).text


async def _log_in(origin: str, person: Callable[[str, str], None], *, scope: str = SCOPE) -> Grant:
    endpoints = await find_endpoints(f"{origin}/token")
    return await log_in_with_browser(
        APP,
        TokenEndpoint(endpoints.login_url),
        endpoints,
        redirect_uri="http://127.0.0.1:0/callback",
        scope=scope,
        timeout=30,
        show=person,
    )


def test_a_login_with_a_browser_and_what_follows_from_it(
    server: AuthorizationServer, origin: str, tmp_path: Path
) -> None:
    async def scenario() -> None:
        person = Person()
        grant = await _log_in(origin, person)
        assert "You may close this page." in await person.page()
        assert grant.scope == ("events", "offline_access")
        assert server.refresh_tokens == [grant.refresh_token]

        store = FileTokenStore(tmp_path / "token")
        await store.save(StoredToken(str(grant.refresh_token)).dump())
        flow = RefreshTokenFlow(client_id=CLIENT_ID, store=store, login_url=f"{origin}/token")
        first, second = await flow(), await flow()  # each replaces the refresh token
        assert len({grant.access_token, first.access_token, second.access_token}) == 3
        assert server.refresh_tokens == [second.refresh_token]

        endpoints = await find_endpoints(f"{origin}/.well-known/oauth-authorization-server")
        endpoint, url = TokenEndpoint(endpoints.login_url), str(endpoints.revocation)
        assert await revoke(APP, endpoint, url, str(second.refresh_token), is_salesforce=False)
        assert server.refresh_tokens == []
        with pytest.raises(LoginRefusedError, match="auth login"):
            await flow()
        # By RFC 7009 the server says nothing about a token that it does not know.
        assert await revoke(APP, endpoint, url, str(second.refresh_token), is_salesforce=False)

    asyncio.run(scenario())


def test_a_person_who_denies(server: AuthorizationServer, origin: str) -> None:
    server.denies = True
    with pytest.raises(LoginRefusedError, match="access_denied"):
        asyncio.run(_log_in(origin, Person()))
    assert server.refresh_tokens == []


def test_a_scope_that_the_server_does_not_have(origin: str) -> None:
    with pytest.raises(LoginRefusedError, match="invalid_scope"):
        asyncio.run(_log_in(origin, Person(), scope="everything"))


def test_a_code_without_its_verifier_is_worth_nothing(server: AuthorizationServer, origin: str) -> None:
    """What another program on this machine could do that has seen the redirect."""

    async def scenario() -> None:
        caught: list[tuple[str, str]] = []

        def catch(address: str, redirect_uri: str) -> None:
            answer = httpx.get(address, trust_env=False)
            caught.append((parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0], redirect_uri))
            asyncio.get_running_loop().call_soon(waiting.cancel)

        waiting = asyncio.ensure_future(_log_in(origin, catch))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        code, redirect_uri = caught[0]
        with pytest.raises((LoginRefusedError, LoginMisconfiguredError)):
            await TokenEndpoint(f"{origin}/token").request_token(
                "authorization_code", APP, code=code, redirect_uri=redirect_uri, code_verifier="x" * 43
            )
        assert server.refresh_tokens == []

    asyncio.run(scenario())


@pytest.mark.parametrize("allows", [True, False])
def test_a_login_with_a_device(allows: bool, server: AuthorizationServer, origin: str) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 4:
            server.decisions[shown[0].user_code] = allows

    shown: list[DeviceCodes] = []

    async def scenario() -> Any:
        endpoints = await find_endpoints(f"{origin}/token")
        return await log_in_with_device(
            APP,
            TokenEndpoint(endpoints.login_url),
            endpoints,
            scope=SCOPE,
            timeout=300,
            show=shown.append,
            sleep=sleep,
        )

    if allows:
        grant = asyncio.run(scenario())
        assert server.refresh_tokens == [grant.refresh_token]
    else:
        with pytest.raises(LoginRefusedError, match="access_denied"):
            asyncio.run(scenario())
    assert waits == [5, 5, 10, 10]  # the second poll was answered with slow_down
    assert shown[0].address == "https://id.example.com/device"
    assert shown[0].complete_address == f"https://id.example.com/device?user_code={shown[0].user_code}"
    assert shown[0].device_code not in repr(shown[0])
