"""A client with a server that requires tokens, over the network."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from extensions.auth.tests.login_server import CLIENT_ID, USERNAME, LoginServer, key_pair
from pybayeux import AsyncClient, BayeuxClient, BayeuxError, hookimpl
from pybayeux.errors import ExtensionHookError, SessionEndedError
from pybayeux_auth import Auth, Grant, JwtBearerFlow, LoginRefusedError
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 30))


def _client(server: DevServer, auth: Auth) -> AsyncClient:
    return AsyncClient(server.url, discover=False, extensions=[auth])


def _log_in(server: DevServer, log: list[str]) -> Callable[[], Awaitable[str]]:
    """Return a login function that returns a new token of the server each time."""

    async def log_in() -> str:
        await asyncio.sleep(0)
        log.append(server.tokens.issue())
        return log[-1]

    return log_in


@pytest.mark.parametrize("style", ["http", "bayeux", "salesforce"])
@pytest.mark.parametrize("options", [{}, {"ext": "token"}])
def test_an_expired_token_is_replaced_and_subscriptions_continue(style: str, options: dict[str, Any]) -> None:
    async def scenario() -> None:
        issued: list[str] = []
        server = DevServer(tokens=("never used",), auth_style=style, max_interval=0.5)
        async with server, _client(server, Auth(_log_in(server, issued), **options)) as client:
            events = await client.subscribe("/orders")
            await server.publish("/orders", 1)
            assert (await anext(events)).data == 1
            server.faults.expire_token()
            await server.recorder.received("/meta/handshake", 2)
            await server.recorder.received("/meta/subscribe", 2)
            await client.publish("/orders", 2)
            assert (await anext(events)).data == 2
        assert len(issued) == 2

    _run(scenario())


@pytest.mark.parametrize("style", ["http", "salesforce"])
def test_a_token_refused_at_the_start_ends_the_session(style: str) -> None:
    async def scenario() -> None:
        async with DevServer(tokens=("the right one",), auth_style=style) as server:
            with pytest.raises(BayeuxError) as caught:
                await _client(server, Auth("a wrong and secret one")).start(10)
            assert "secret" not in str(caught.value)
            assert len(server.recorder.messages("/meta/handshake")) == 1

    _run(scenario())


def test_a_function_with_refused_tokens_is_called_a_few_times() -> None:
    async def scenario() -> None:
        asked = []

        def log_in() -> str:
            asked.append(1)
            return f"wrong {len(asked)}"

        async with DevServer(tokens=("the right one",), auth_style="salesforce") as server:
            with pytest.raises(BayeuxError):
                await _client(server, Auth(log_in, refreshes=2)).start(20)
        assert len(asked) == 3

    _run(scenario())


def test_a_lost_session_costs_no_token() -> None:
    async def scenario() -> None:
        issued: list[str] = []
        server = DevServer(tokens=("never used",), unknown_session="401:abc:Unknown client")
        async with server, _client(server, Auth(_log_in(server, issued))):
            server.faults.drop_sessions()
            await server.recorder.received("/meta/handshake", 2)
            await server.recorder.received("/meta/connect", 3)
        assert len(issued) == 1

    _run(scenario())


def test_the_log_contains_no_token(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        issued: list[str] = []
        async with DevServer(tokens=("never used",)) as server, _client(server, Auth(_log_in(server, issued))):
            server.faults.expire_token()
            await server.recorder.received("/meta/handshake", 2)
        assert len(issued) == 2
        assert not [token for token in issued if token in caplog.text]

    with caplog.at_level(logging.DEBUG):
        _run(scenario())


class _RedirectToOtherServer:
    """Changes the URL of every request to another server."""

    def __init__(self, url: str) -> None:
        self._url = url

    @hookimpl
    def request(self, request: Any) -> None:
        request.url = self._url


def test_a_request_redirected_by_another_extension_gets_no_token() -> None:
    async def scenario() -> None:
        async with DevServer() as own, DevServer() as other:
            for extensions in (
                [Auth("secret"), _RedirectToOtherServer(other.url)],
                [_RedirectToOtherServer(other.url), Auth("secret")],
            ):
                async with AsyncClient(own.url, discover=False, extensions=extensions):
                    pass
            assert other.recorder.requests
            assert not [each for each in other.recorder.requests if "secret" in str(each.headers)]

    _run(scenario())


def test_the_low_level_client_handshakes_with_a_fresh_token() -> None:
    async def scenario() -> None:
        issued: list[str] = []
        async with DevServer(tokens=("never used",), timeout=0) as server:
            auth = Auth(_log_in(server, issued))
            polling = ["long-polling"]  # on a WebSocket the token is that of the upgrade
            async with BayeuxClient(server.url, discover=False, transports=polling, extensions=[auth]) as client:
                await client.handshake()
                await client.connect()
                server.faults.expire_token()
                with pytest.raises(BayeuxError, match="401"):
                    await client.connect()
                await client.disconnect()
                await client.handshake()
        assert len(issued) == 2

    _run(scenario())


# -- with a login server


def _flow(login: LoginServer, **options: Any) -> JwtBearerFlow:
    given: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "username": USERNAME,
        "private_key": key_pair()[0],
        "http": login.http(),
    }
    return JwtBearerFlow(**(given | options))


def test_an_expired_token_costs_one_login_for_many_subscriptions() -> None:
    async def scenario() -> None:
        server = DevServer(tokens=("never used",), auth_style="salesforce")
        login = LoginServer(issue=server.tokens.issue)
        auth = Auth(_flow(login))
        async with server, _client(server, auth) as client:
            streams = [await client.subscribe(f"/orders/{number}") for number in range(20)]
            server.faults.expire_token()
            await server.recorder.received("/meta/handshake", 2)
            await server.recorder.received("/meta/subscribe", 40)
            for number, events in enumerate(streams):
                await server.publish(f"/orders/{number}", number)
                assert (await anext(events)).data == number
        assert (len(login.requests), auth.logins) == (2, 2)

    _run(scenario())


class _MoveClient:
    """Moves the client to the server that accepts the token."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.grants: list[Grant] = []

    @hookimpl
    async def authenticated(self, grant: Grant, client: AsyncClient) -> None:
        await asyncio.sleep(0)
        self.grants.append(grant)
        client.move(self._url)


def test_the_login_moves_the_client_before_the_first_request() -> None:
    async def scenario() -> None:
        async with DevServer(tokens=("never used",), auth_style="salesforce") as server, DevServer() as front:
            login = LoginServer(issue=server.tokens.issue)
            mover, auth = _MoveClient(server.url), Auth(_flow(login))
            async with AsyncClient(front.url, discover=False, extensions=[auth, mover]) as client:
                assert client.url == server.url
                events = await client.subscribe("/orders")
                await server.publish("/orders", 1)
                assert (await anext(events)).data == 1
            assert not front.recorder.requests
            assert mover.grants == [auth.grant]
            assert len(login.requests) == 1

    _run(scenario())


class _FailureRecorder:
    """Records failures."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)


def test_a_refused_login_ends_the_session_and_is_not_retried() -> None:
    async def scenario() -> None:
        login, journal = LoginServer(), _FailureRecorder()
        login.is_approved = False
        async with DevServer() as server:
            client = AsyncClient(server.url, discover=False, extensions=[Auth(_flow(login)), journal])
            with pytest.raises(
                SessionEndedError, match="user hasn't approved this consumer; authorise the app once"
            ) as caught:
                await client.start(20)
            await client.close()
            assert not server.recorder.requests  # better no request than one without its token
        assert isinstance(caught.value.__cause__, ExtensionHookError)
        assert isinstance(caught.value.__cause__.__cause__, LoginRefusedError)
        assert journal.errors == [caught.value]
        assert len(login.requests) == 1

    _run(scenario())


def test_revoked_credentials_end_the_session_after_one_more_login() -> None:
    async def scenario() -> None:
        server = DevServer(tokens=("never used",), auth_style="salesforce")
        login = LoginServer(issue=server.tokens.issue)
        async with server, _client(server, Auth(_flow(login))) as client:
            events = await client.subscribe("/orders")
            login.is_approved = False
            server.faults.expire_token()
            with pytest.raises(SessionEndedError, match="user hasn't approved this consumer"):
                await anext(events)
        assert len(login.requests) == 2

    _run(scenario())


def test_an_unreachable_login_server_is_waited_for() -> None:
    async def scenario() -> None:
        login, journal = LoginServer(), _FailureRecorder()
        login.script.append(ConnectionError("no route"))
        async with DevServer() as server:
            client = AsyncClient(server.url, discover=False, extensions=[Auth(_flow(login)), journal])
            await client.start()
            await client.close()
        [error] = journal.errors
        assert "login at https://login.salesforce.com is not possible now: ConnectionError: no route" in str(error)
        assert len(login.requests) == 2

    _run(scenario())


def test_the_low_level_client_raises_a_refused_login() -> None:
    async def scenario() -> None:
        login = LoginServer()
        login.is_approved = False
        async with DevServer() as server:
            client = BayeuxClient(server.url, discover=False, extensions=[Auth(_flow(login))])
            for _ in range(3):
                with pytest.raises(ExtensionHookError, match="hasn't approved this consumer") as caught:
                    await client.handshake()
                assert isinstance(caught.value.__cause__, LoginRefusedError)
            await client.close()
        assert len(login.requests) == 1

    _run(scenario())
