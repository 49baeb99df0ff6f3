"""One process after another, each with a client of its own, against a server in memory, in virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import AsyncClient, Message, hookimpl
from pybayeux.errors import TransportError, UsageError
from pybayeux.transports.memory import MemoryTransport
from pybayeux_reload import Reload

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "session.json"


def _client(server: FakeServer, file: Path, *extensions: object, **arguments: Any) -> tuple[AsyncClient, Reload]:
    reload = Reload(file)
    return make_client(server, reload, *extensions, **arguments), reload


async def _run_and_hand_over(server: FakeServer, file: Path, *channels: str) -> None:
    """Run a process that subscribes, and hands its session over to the next one."""
    client, reload = _client(server, file)
    async with client:
        for channel in channels:
            await client.subscribe(channel)
        reload.hand_over()
    server.received.clear()


def _saved(file: Path) -> Any:
    """Return the content of the file, or None if there is no file."""
    return msgspec.json.decode(file.read_bytes()) if file.exists() else None


def _save(file: Path, saved: Any) -> None:
    file.write_bytes(msgspec.json.encode(saved))


def _channels(server: FakeServer) -> list[str]:
    return [message.channel for _, message in server.received]


@in_virtual_time
async def test_the_next_process_goes_on_with_the_session_without_a_handshake(file: Path) -> None:
    server = FakeServer()
    await _run_and_hand_over(server, file)
    client, reload = _client(server, file)
    async with client:
        assert (client.client_id, reload.resumed) == ("session-1", True)
    assert _channels(server) == ["/meta/connect", "/meta/connect", "/meta/disconnect"]
    first = server.messages("/meta/connect")[0]
    assert (first.client_id, first.connection_type) == ("session-1", "long-polling")
    assert first.advice is not None
    assert first.advice.timeout == 0
    assert _saved(file) is None


@in_virtual_time
async def test_a_first_process_has_no_session_to_take_over(file: Path) -> None:
    server = FakeServer()
    client, reload = _client(server, file)
    async with client:
        assert not reload.resumed
        assert _saved(file)
    assert "/meta/handshake" in _channels(server)
    assert _saved(file) is None


@in_virtual_time
async def test_a_session_is_handed_over_at_once_and_without_a_request(file: Path) -> None:
    server, witness = FakeServer(), Witness()
    client, reload = _client(server, file, witness)
    async with client, client.subscribe("/a"), client.subscribe("/b"):
        await client.subscribe("/c", print)
        await settle()
        started = asyncio.get_running_loop().time()
        reload.hand_over()
    assert asyncio.get_running_loop().time() - started < 0.1
    assert not {"/meta/disconnect", "/meta/unsubscribe"} & set(_channels(server))
    assert witness.errors == []
    assert _saved(file)["channels"] == ["/a", "/b", "/c"]


@in_virtual_time
async def test_a_killed_process_leaves_its_session(file: Path) -> None:
    server = FakeServer()
    client, _ = _client(server, file)
    async with client, client.subscribe("/a") as events:
        await client.subscribe("/b")
        await events.unsubscribe()
        left = _saved(file)
    assert left["channels"] == ["/b"]
    assert left["url"] == "http://fake/cometd"
    assert left["handshake"]["clientId"] == "session-1"


@in_virtual_time
async def test_extensions_and_listeners_see_the_old_reply_as_an_old_one(file: Path) -> None:
    server = FakeServer()
    server.answer_next(
        "/meta/handshake",
        client_id="session-1",
        supported_connection_types=["long-polling"],
        ext={"ack": True, "timesync": {"tc": 1, "ts": 2, "p": 3}},
    )
    server.client_id = "session-1"
    await _run_and_hand_over(server, file)
    client, _ = _client(server, file)
    replies: list[Message] = []
    client.listen("/meta/handshake", replies.append)
    async with client:
        pass
    [reply] = replies
    assert (reply.id, reply.successful, reply.client_id) == ("1", True, "session-1")
    assert reply.ext == {"ack": True, "reload": True}


@in_virtual_time
async def test_changes_of_another_extension_to_the_reply_are_not_saved(file: Path) -> None:
    class Changing:
        @hookimpl
        def incoming(self, message: Message) -> None:
            message.ext = {"changed": True}

    server = FakeServer()
    client, reload = _client(server, file, Changing())
    async with client:
        reload.hand_over()
    assert "ext" not in _saved(file)["handshake"]


@in_virtual_time
async def test_events_are_held_until_the_new_process_has_receivers(file: Path) -> None:
    server = FakeServer()
    await _run_and_hand_over(server, file, "/a", "/b/*")
    server.push("/a", 1, 2)
    server.push("/b/x", 3)
    client, _ = _client(server, file)
    async with client:
        await asyncio.sleep(100)
        server.push("/a", 4)
        await settle()
        async with client.subscribe("/b/*") as late, client.subscribe("/a") as events:
            server.push("/a", 5)
            assert [(await anext(events)).data for _ in range(4)] == [1, 2, 4, 5]
            assert (await anext(late)).data == 3


@in_virtual_time
async def test_a_subscription_made_before_the_start_gets_events_at_once(file: Path) -> None:
    server = FakeServer()
    await _run_and_hand_over(server, file, "/a")
    server.push("/a", 1)
    client, _ = _client(server, file)
    events = await client.subscribe("/a")
    async with client:
        assert (await anext(events)).data == 1
        assert server.subscriptions() == ["/a"]


@in_virtual_time
async def test_events_that_come_while_the_session_is_handed_over_are_left_to_the_next(file: Path) -> None:
    server = FakeServer()
    client, reload = _client(server, file)
    async with client, client.subscribe("/a") as events:
        await settle()
        reload.hand_over()
        server.push("/a", 1)
        await asyncio.sleep(5)
        assert events.pending == 0
        assert (await client.publish("/b", 2)).successful  # everything else goes on
    assert len(server.messages("/meta/connect")) == 2  # and no further one leaves


@in_virtual_time
async def test_a_session_that_the_server_forgot_is_replaced_by_a_new_one(file: Path) -> None:
    server = FakeServer()
    await _run_and_hand_over(server, file, "/a")
    server.forget()
    client, reload = _client(server, file)
    async with client, client.subscribe("/a") as events:
        assert (client.client_id, reload.resumed) == ("session-2", False)
        server.push("/a", 1)
        assert (await anext(events)).data == 1
        assert _saved(file)["handshake"]["clientId"] == "session-2"
    assert _channels(server)[:2] == ["/meta/connect", "/meta/handshake"]


@in_virtual_time
async def test_a_session_that_is_lost_later_is_not_taken_over_again(file: Path) -> None:
    server = FakeServer()
    await _run_and_hand_over(server, file)
    client, _ = _client(server, file)
    async with client:
        server.forget()
        await client.wait_for("rehandshaking")
        await client.wait_for("connected")
        assert client.client_id == "session-2"
        assert _saved(file)


@pytest.mark.parametrize(
    ("error", "next_channel"),
    [
        (TransportError("HTTP 403", status=403), "/meta/handshake"),
        (TransportError("HTTP 404", status=404), "/meta/handshake"),
        (TransportError("HTTP 503", status=503), "/meta/connect"),
        (TransportError("no route"), "/meta/connect"),
    ],
)
def test_a_first_connect_that_fails(file: Path, error: TransportError, next_channel: str) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server = FakeServer()
        await _run_and_hand_over(server, file)
        server.fail(error)
        client, reload = _client(server, file)
        async with client:
            assert _channels(server)[:2] == ["/meta/connect", next_channel]
            assert reload.resumed == (next_channel == "/meta/connect")

    scenario()


@in_virtual_time
async def test_a_later_connect_that_fails_does_not_end_the_session(file: Path) -> None:
    server = FakeServer()
    await _run_and_hand_over(server, file)
    client, _ = _client(server, file)
    async with client:
        await settle()
        server.fail(TransportError("HTTP 403", status=403))
        await client.wait_for("unconnected")
        await client.wait_for("connected")
        assert "/meta/handshake" not in _channels(server)


@pytest.mark.parametrize(
    ("member", "value"),
    [("url", "http://other/cometd"), ("format", "another"), ("handshake", {"supportedConnectionTypes": ["websocket"]})],
)
def test_a_session_that_cannot_be_used_is_not_taken_over(
    file: Path, member: str, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server = FakeServer()
        await _run_and_hand_over(server, file)
        saved = _saved(file)
        saved[member] = saved[member] | value if isinstance(value, dict) else value
        _save(file, saved)
        client, reload = _client(server, file, transports=["long-polling"])
        async with client:
            assert (client.client_id, reload.resumed) == ("session-2", False)

    scenario()
    assert "a new one is begun" in caplog.text


@in_virtual_time
async def test_a_client_that_is_started_again_goes_on_with_its_own_session(file: Path) -> None:
    server = FakeServer()
    client, reload = _client(server, file)
    for _ in range(3):
        async with client:
            assert client.client_id == "session-1"
            reload.hand_over()
    assert server.sessions == 1
    async with client:  # `hand_over` applies to one start: this one ends the session
        pass
    assert _saved(file) is None


@in_virtual_time
async def test_a_file_that_cannot_be_written_is_reported_and_the_session_lives(tmp_path: Path) -> None:
    server, witness = FakeServer(), Witness()
    client, _ = _client(server, tmp_path / "missing" / "session.json", witness)
    async with client, client.subscribe("/a") as events:
        server.push("/a", 1)
        assert (await anext(events)).data == 1
    assert "'reload' failed in incoming" in str(witness.errors[0])
    assert "missing" in str(witness.errors[0])


class _Coloured:
    """An extension with a transport that has an option."""

    def __init__(self, server: FakeServer) -> None:
        self.server = server
        self.colours: list[str] = []

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        def paper(context: Any, colour: str = "white") -> MemoryTransport:
            self.colours.append(colour)
            return MemoryTransport(context, server=self.server.exchange)

        registry.register("paper", paper)


@in_virtual_time
async def test_options_still_reach_the_wrapped_transports(file: Path) -> None:
    coloured = _Coloured(FakeServer())
    arguments: dict[str, Any] = {"extensions": [Reload(file), coloured], "discover": False, "transports": ["paper"]}
    with pytest.raises(UsageError, match="'paper' has no option 'color'"):
        AsyncClient("http://fake/", transport_options={"paper": {"color": "red"}}, **arguments)
    arguments["extensions"] = [Reload(file), coloured]
    client = AsyncClient("http://fake/", transport_options={"paper": {"colour": "red"}}, **arguments)
    coloured.server.answer_next("/meta/handshake", client_id="session-1", supported_connection_types=["paper"])
    coloured.server.client_id = "session-1"
    async with client:
        assert _saved(file)
    assert coloured.colours == ["red"]
