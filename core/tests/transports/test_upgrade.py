from __future__ import annotations

import asyncio
import json
import logging
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode

from core.tests.transports.upgrading import answer, answering, refused, upgraded
from core.tests.transports.websocket_site import Site, in_real_time, message, reply
from pybayeux.errors import TransportError
from pybayeux.transports.base import UpgradeAnswer
from pybayeux.transports.cookies import CookieJar

if TYPE_CHECKING:
    from websockets.http11 import Response

    from pybayeux.transports.base import SocketReceiver, TransportRequest, UpgradeCall


# -- what is asked


@in_real_time
async def test_the_address_is_that_of_the_server() -> None:
    async with Site() as site:
        headers = await upgraded(site)
        assert site.upgrades[0].path == "/cometd"
        assert headers["Host"] == f"127.0.0.1:{site.port}"


@in_real_time
async def test_a_websocket_address_is_taken_as_it_is() -> None:
    async with Site() as site:
        site.context.url = f"ws://127.0.0.1:{site.port}/other?x=1"
        await upgraded(site)
        assert site.upgrades[0].path == "/other?x=1"


@in_real_time
async def test_nothing_is_offered_that_was_not_asked_for() -> None:
    async with Site(served={"compression": "deflate"}) as site:
        headers = await upgraded(site)
        for name in ("Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Origin", "Cookie", "Authorization"):
            assert name not in headers


@in_real_time
async def test_compression_where_it_is_asked_for() -> None:
    async with Site({"compression": True}, served={"compression": "deflate"}) as site:
        assert "permessage-deflate" in (await upgraded(site))["Sec-WebSocket-Extensions"]


@in_real_time
async def test_headers_of_the_user_are_sent() -> None:
    headers = {"X-Tenant": "7", "Origin": "https://app", "user-agent": "mine", "Host": "nowhere", "Upgrade": "h2c"}
    async with Site(headers=headers) as site:
        sent = await upgraded(site)
        assert (sent["X-Tenant"], sent["Origin"], sent["User-Agent"]) == ("7", "https://app", "mine")
        assert sent.get_all("Host") == [f"127.0.0.1:{site.port}"]
        assert sent.get_all("Upgrade") == ["websocket"]


@in_real_time
async def test_an_upgrade_may_be_changed_before_it_leaves() -> None:
    def change(request: TransportRequest) -> None:
        assert request.connection_type == "websocket"
        assert request.url == site.url
        request.url = request.url.replace("ws:", "http:") + "?signed=1"
        request.headers["authorization"] = "Bearer t0k3n-t0k3n"
        del request.headers["x-old"]

    async with Site(headers={"X-Old": "1"}) as site:
        site.on_request = change
        sent = await upgraded(site)
        assert site.upgrades[0].path == "/cometd?signed=1"
        assert sent["Authorization"] == "Bearer t0k3n-t0k3n"
        assert "X-Old" not in sent


# -- subprotocol


@in_real_time
async def test_a_subprotocol_is_agreed_on() -> None:
    async with Site({"subprotocol": "bayeux"}, served={"subprotocols": ["bayeux"]}) as site:
        assert (await upgraded(site))["Sec-WebSocket-Protocol"] == "bayeux"


@in_real_time
async def test_a_server_without_the_subprotocol_is_of_no_use() -> None:
    async with Site({"subprotocol": "bayeux"}) as site:
        error = await refused(site)
        assert "'bayeux'" in str(error)
        assert error.unavailable
        await (await site.peer()).ended()


@in_real_time
async def test_a_server_with_another_subprotocol_is_of_no_use() -> None:
    other = {"subprotocols": ["other"], "select_subprotocol": lambda connection, offered: "other"}
    async with Site({"subprotocol": "bayeux"}, served=other) as site:
        error = await refused(site)
        assert "other" in str(error)
        assert error.unavailable


# -- cookies


@in_real_time
async def test_cookies_of_the_session_are_sent_and_kept() -> None:
    cookies = CookieJar()

    def greet(connection: ServerConnection, request: Any, response: Response) -> None:
        response.headers["Set-Cookie"] = "route=7; Path=/"
        response.headers["Set-Cookie"] = "BAYEUX_BROWSER=new; Path=/"

    async with Site(served={"process_response": greet}, cookies=cookies, headers={"Cookie": "own=1"}) as site:
        cookies.take(f"http://127.0.0.1:{site.port}/", [("Set-Cookie", "BAYEUX_BROWSER=old; Path=/")])
        assert (await upgraded(site)).get_all("Cookie") == ["own=1; BAYEUX_BROWSER=old"]
        assert cookies.header(site.context.url) == "BAYEUX_BROWSER=new; route=7"


@in_real_time
async def test_cookies_of_a_refusal_count_too() -> None:
    async with Site(refuse=answering(503, Set_Cookie="route=7")) as site:
        await refused(site)
        assert site.context.cookies.header(site.context.url) == "route=7"


# -- authentication


@pytest.mark.parametrize("auth", [("user", "s3cr3t"), httpx.BasicAuth("user", "s3cr3t")])
@in_real_time
async def test_basic_authentication(auth: Any) -> None:
    async with Site(auth=auth) as site:
        assert (await upgraded(site))["Authorization"] == "Basic dXNlcjpzM2NyM3Q="
        assert site.redact("the password is s3cr3t") == "the password is ***"


@in_real_time
async def test_authentication_by_a_function() -> None:
    def sign(request: httpx.Request) -> httpx.Request:
        request.headers["X-Signed"] = str(request.url)
        return request

    async with Site(auth=sign) as site:
        assert (await upgraded(site))["X-Signed"] == f"http://127.0.0.1:{site.port}/cometd"


@in_real_time
async def test_authentication_may_answer_a_challenge() -> None:
    class Twice(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            response = yield request
            if response.status_code == 401:
                request.headers["Authorization"] = f"Token {response.headers['X-Nonce']}"
                yield request

    def challenge(connection: ServerConnection) -> Response | None:
        asked = site.upgrades[-1].headers
        return None if "Authorization" in asked else answering(401, X_Nonce="n0nc3")(connection)

    async with Site(auth=Twice(), refuse=challenge) as site:
        assert (await upgraded(site))["Authorization"] == "Token n0nc3"
        assert [response.status for response in site.responses] == [401, 101]


@in_real_time
async def test_authentication_that_finds_no_answer_leaves_the_refusal() -> None:
    async with Site(auth=httpx.DigestAuth("user", "s3cr3t"), refuse=answering(401, "who?")) as site:
        error = await refused(site)
        assert (error.status, error.body, error.unavailable) == (401, "who?", False)


@in_real_time
async def test_authentication_that_sends_other_requests_is_refused() -> None:
    class Elsewhere(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            yield httpx.Request("POST", "https://login.example.com/token")
            yield request

    async with Site(auth=Elsewhere()) as site:
        error = await refused(site)
        assert "login.example.com" in str(error)
        assert error.unavailable
        assert site.upgrades == []


# -- another library


REFUSED = UpgradeAnswer(503, (("Set-Cookie", "a=1; Path=/"), ("Retry-After", "7")), b"not now")


@pytest.mark.parametrize("failure", [None, TransportError("no WebSocket upgrade: strange", unsent=True)])
@in_real_time
async def test_another_library_may_open_the_socket(failure: TransportError | None) -> None:
    calls: list[UpgradeCall] = []

    async def dial(call: UpgradeCall) -> UpgradeAnswer:
        calls.append(call)
        return replace(REFUSED, failure=failure)

    async with Site({"subprotocol": "bayeux", "max_message_size": 7}, headers={"X-Tenant": "7"}) as site:
        site.context.dial = dial
        error = await refused(site)
        assert site.upgrades == []
        assert [(call.url, call.subprotocol, call.max_message_size) for call in calls] == [(site.url, "bayeux", 7)]
        assert ("x-tenant", "7") in calls[0].headers
        assert (site.context.cookies.header(site.url), site.responses[0].status) == ("a=1", 503)
        assert error is failure or (error.status, error.body, error.retry_after) == (503, "not now", 7.0)


@in_real_time
async def test_another_library_may_leave_a_socket_to_the_built_in_one() -> None:
    asked: list[str] = []

    async def dial(call: UpgradeCall) -> None:
        asked.append(call.url)

    async with Site() as site:
        site.context.dial = dial
        await site.opened()
        assert asked == [site.url]


@pytest.mark.parametrize(
    ("error", "fatal"),
    [
        (OSError("t0k3n-t0k3n"), False),
        (ssl.SSLCertVerificationError(1, "t0k3n-t0k3n"), True),
        (ValueError("t0k3n-t0k3n"), True),
    ],
)
@in_real_time
async def test_another_library_may_raise_what_the_network_does(error: Exception, fatal: bool) -> None:
    async def dial(call: UpgradeCall) -> UpgradeAnswer:
        raise error

    async with Site() as site:
        site.redact.remember("t0k3n-t0k3n")
        site.context.dial = dial
        failure = await refused(site)
        assert (failure.fatal, failure.unavailable, failure.__cause__) == (fatal, False, error)
        assert "t0k3n" not in str(failure)


class Echo:
    """A socket of another library: it answers each request in the turn of the loop behind it."""

    is_open = True
    subprotocol = None

    def __init__(self) -> None:
        self.closed: list[int] = []
        self._receiver: SocketReceiver

    def start(self, receiver: SocketReceiver) -> None:
        self._receiver = receiver

    async def send(self, frame: bytes) -> None:
        replies = [reply(str(each["id"]), each["channel"]) for each in json.loads(frame)]
        asyncio.get_running_loop().call_soon(self._receiver.frames_received, [json.dumps(replies).encode()])

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    async def close(self, code: int) -> None:
        self.is_open = False
        self.closed.append(code)
        self._receiver.closed(TransportError("closed"))

    async def abort(self) -> None: ...


@in_real_time
async def test_another_library_may_carry_the_messages() -> None:
    echo = Echo()

    async def dial(call: UpgradeCall) -> UpgradeAnswer:
        return UpgradeAnswer(101, [], socket=echo)

    async with Site() as site:
        site.context.dial = dial
        await site.transport.exchange([message("1"), message("2")])
        assert [each.id for each in site.messages] == ["1", "2"]
        assert site.upgrades == []
    assert echo.closed == [1000]


# -- the rest


class Listening(ServerConnection):
    """Says when a ping comes."""

    pinged: asyncio.Event

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pinged = asyncio.Event()

    def process_event(self, event: Any) -> None:
        super().process_event(event)
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pinged.set()


@in_real_time
async def test_pings_where_they_are_asked_for() -> None:
    async with Site({"ping_interval": 0.01}, served={"create_connection": Listening}) as site:
        peer = await site.opened()
        assert isinstance(peer.connection, Listening)
        await peer.connection.pinged.wait()


@in_real_time
async def test_the_library_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with Site(auth=("user", "s3cr3t"), served={"logger": logging.getLogger("server")}) as site:
            caplog.set_level(logging.CRITICAL, "server")
            sending, peer = await site.begin(message("1", client_id="1d-1d-1d"))
            await answer(peer)
            await sending
    assert [record for record in caplog.records if record.name.startswith("websockets")] == []
