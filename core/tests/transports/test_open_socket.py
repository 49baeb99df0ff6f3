from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from core.tests.transports.frames import CONNECT, event, fails
from core.tests.transports.websocket_site import Site, in_real_time, message, reply
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux._util.redact import Redactor
from pybayeux.errors import BayeuxError, TransportError
from pybayeux.transports.base import DONE, TransportContext
from pybayeux.transports.open_socket import OpenSocket

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux.transports.base import Completion, SocketReceiver


@in_real_time
async def test_messages_leave_as_one_text_frame_and_the_answers_come_back_in_order() -> None:
    async with Site() as site:
        sending = site.send(message("1"), message("2"))
        peer = await site.peer()
        assert await peer.heard() == [
            {"channel": "/meta/subscribe", "id": "1"},
            {"channel": "/meta/subscribe", "id": "2"},
        ]
        await peer.say(reply("1"), reply("2"))
        await sending
        assert [each.id for each in site.messages] == ["1", "2"]


@in_real_time
async def test_frames_are_text() -> None:
    async with Site() as site:
        site.send(message("1"))
        assert isinstance(await (await site.peer()).connection.recv(), str)


@in_real_time
async def test_binary_frames_are_read_too() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"))
        await peer.connection.send(json.dumps([reply("1")]).encode())
        await sending


@in_real_time
async def test_blank_frames_are_ignored_and_a_byte_order_mark_too() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"))
        for blank in ("", "\n", " \t\r\n", b"", b"\xef\xbb\xbf", "[]"):
            await peer.connection.send(blank)
        await peer.connection.send(b"\xef\xbb\xbf" + json.dumps([reply("1")]).encode())
        await sending
        assert [each.id for each in site.messages] == ["1"]


@in_real_time
async def test_a_damaged_message_leaves_the_socket_and_the_others() -> None:
    reported: list[BayeuxError] = []
    async with Site(report=reported.append) as site:
        sending, peer = await site.begin(message("1"))
        await peer.connection.send('[{"channel":"/a","data":"\\ud83d"}]')
        await peer.say(reply("1"))
        await sending
        assert [each.channel for each in site.messages] == ["/a", "/meta/subscribe"]
        assert len(reported) == 1


@in_real_time
async def test_large_frames_keep_their_place() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"))
        await peer.say(event("first"))
        await peer.say(*[event("x" * 100)] * 20_000)
        await peer.say(reply("1"))
        await sending
        assert [len(site.messages), site.messages[0].data, site.messages[-1].id] == [20_002, "first", "1"]


@in_real_time
async def test_an_exchange_is_over_when_its_last_answer_is_here() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"), message("2"), message("3"))
        for number, answer in enumerate((reply("3"), reply("1"))):
            await peer.say(answer)
            await site.got(number + 1)
            assert not sending.done()
        await peer.say(reply("2"))
        await sending
        assert [each.id for each in site.messages] == ["3", "1", "2"]


@in_real_time
async def test_exchanges_under_way_share_the_socket_and_end_in_any_order() -> None:
    async with Site() as site:
        held, peer = await site.begin(message("1", CONNECT))
        quick = site.send(message("2"))
        await peer.heard()
        await peer.say(reply("2"))
        await quick
        assert not held.done()
        await peer.say(reply("1", CONNECT))
        await held
        assert len(site.upgrades) == 1


@in_real_time
async def test_one_frame_may_answer_several_exchanges() -> None:
    async with Site() as site:
        one, peer = await site.begin(message("1"))
        other = site.send(message("2"))
        await peer.heard()
        await peer.say(reply("2"), event(0), reply("1"))
        await asyncio.gather(one, other)


@in_real_time
async def test_events_come_unasked() -> None:
    async with Site() as site:
        peer = await site.opened()
        for number in range(3):
            await peer.say(event(number))
        assert [each.data for each in await site.got(3)] == [0, 1, 2]


@in_real_time
async def test_an_event_with_the_id_of_a_publish_is_no_answer() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("5", "/a", data=1))
        await peer.say(event(1, id="5"))
        await site.got(1)
        assert not sending.done()
        await peer.say(reply("5", "/a"))
        await sending


@in_real_time
async def test_an_id_that_the_receiver_sets_counts() -> None:
    async def guess(messages: list[Message]) -> None:
        messages[0].id = "1"

    async with Site() as site:
        site.on_receive = guess
        sending, peer = await site.begin(message("1"))
        await peer.say({"channel": "/meta/subscribe", "successful": True})
        await sending


@in_real_time
async def test_an_exchange_is_over_after_its_answers_were_received() -> None:
    received = asyncio.Event()

    async def wait(messages: list[Message]) -> None:
        await received.wait()

    async with Site() as site:
        site.on_receive = wait
        sending, peer = await site.begin(message("1"))
        await peer.say(reply("1"))
        await peer.connection.ping()
        assert not sending.done()
        received.set()
        await sending
        assert [each.id for each in site.messages] == ["1"]


@in_real_time
async def test_a_burst_keeps_its_order_and_comes_in_few_batches() -> None:
    async with Site() as site:
        peer = await site.opened()
        for number in range(5000):
            await peer.say(event(number))
        assert [each.data for each in await site.got(5000)] == list(range(5000))
        assert len(site.received) < 2500


class Flood:
    """A connection on which a frame of 64 KiB comes with every turn of the loop, while it is read."""

    is_open = True
    subprotocol = None
    frame = json.dumps([event("x" * 2**16)]).encode()

    def __init__(self) -> None:
        self.frames = 0
        self._reading = True
        self._receiver: SocketReceiver

    def start(self, receiver: SocketReceiver) -> None:
        self._receiver = receiver
        self._read()

    def _read(self) -> None:
        if not self.is_open:
            self._receiver.closed(TransportError("closed"))
        elif self._reading:
            self.frames += 1
            asyncio.get_running_loop().call_soon(self._read)
            self._receiver.frames_received([self.frame])

    async def send(self, frame: bytes) -> None:
        pass

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True
        asyncio.get_running_loop().call_soon(self._read)

    async def close(self, code: int) -> None:
        self.is_open = False

    async def abort(self) -> None:
        self.is_open = False


async def look(about: object) -> None:
    pass


@in_virtual_time
async def test_the_socket_is_not_read_while_the_receiver_has_enough_to_do() -> None:
    received: list[int] = []
    turn: asyncio.Future[None]

    def receive(messages: list[Message]) -> Completion:
        nonlocal turn
        received.append(len(messages))
        turn = asyncio.get_running_loop().create_future()
        return turn

    flood = Flood()
    socket = OpenSocket(flood, TransportContext("ws://host/", receive, look, look, Redactor()))
    for _ in range(3):
        await settle()
        assert flood.frames == sum(received) + 4
        turn.set_result(None)
    await socket.close()
    assert socket.is_over


@in_virtual_time
async def test_what_is_held_back_is_received_as_one_batch_behind_what_was_waited_for() -> None:
    received: list[list[int]] = []
    first = asyncio.get_running_loop().create_future()

    def receive(messages: list[Message]) -> Completion:
        received.append([each.data for each in messages])
        return first if len(received) == 1 else DONE

    line = ScriptedConnection(TransportContext("ws://host/", receive, look, look, Redactor()))
    for number in range(4):
        line.socket.frames_received([json.dumps([event(number)]).encode()])
    assert received == [[0]]
    first.set_result(None)
    await settle()
    line.socket.frames_received([json.dumps([event(4)]).encode()])
    assert received == [[0], [1, 2, 3], [4]]
    await line.socket.close()


@in_virtual_time
async def test_in_the_usual_case_messages_are_received_and_replies_matched_in_the_callback() -> None:
    received: list[Message] = []

    def receive(messages: list[Message]) -> Completion:
        received.extend(messages)
        return DONE

    line = ScriptedConnection(TransportContext("ws://host/", receive, look, look, Redactor()))
    sending = asyncio.ensure_future(line.socket.exchange([message("1")], [b"x"]))
    await settle()
    tasks = asyncio.all_tasks()
    line.socket.frames_received([json.dumps([event(0), reply("1")]).encode()])
    assert asyncio.all_tasks() == tasks, "no task was needed"
    assert len(received) == 2
    await sending
    await line.socket.close()


@in_virtual_time
async def test_closing_leaves_a_batch_alone_that_is_being_received() -> None:
    receiving = asyncio.get_running_loop().create_future()
    line = ScriptedConnection(TransportContext("ws://host/", lambda messages: receiving, look, look, Redactor()))
    line.socket.frames_received([json.dumps([event(0)]).encode()])
    await line.socket.close()
    assert not receiving.done()


class ScriptedConnection:
    """An open socket on a connection where only the test says what comes."""

    is_open = True
    subprotocol = None

    def __init__(self, context: TransportContext) -> None:
        self.socket = OpenSocket(self, context)

    def start(self, receiver: SocketReceiver) -> None: ...

    async def send(self, frame: bytes) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    async def close(self, code: int) -> None:
        self.is_open = False

    async def abort(self) -> None: ...


@in_real_time
async def test_nothing_is_received_while_there_is_no_room() -> None:
    asked, room = asyncio.Event(), asyncio.Event()

    def wait() -> Completion:
        asked.set()
        return asyncio.ensure_future(room.wait())

    async with Site(room=wait) as site:
        sending, peer = await site.begin(message("1"))
        await peer.say(event(1))
        await asked.wait()
        await peer.say(reply("1"))
        await peer.connection.close()
        assert site.received == []
        room.set()
        await sending
        assert [each.channel for each in site.messages] == ["/a", "/meta/subscribe"]


@in_real_time
async def test_close_does_not_wait_for_room() -> None:
    never = asyncio.get_running_loop().create_future()
    asked = asyncio.Event()

    def wait() -> Completion:
        asked.set()
        return never

    async with Site(room=wait) as site:
        held, peer = await site.begin(message("1", CONNECT))
        await peer.say(event(1))
        await asked.wait()
        await site.transport.close()
        await fails(held)


@in_real_time
async def test_large_messages_go_both_ways() -> None:
    payload = "Grüße ☃ " * 300_000
    async with Site(served={"max_size": None}) as site:
        sending = site.send(message("1", "/a", data=payload))
        peer = await site.peer()
        ((sent),) = await peer.heard()
        assert sent["data"] == payload
        await peer.say(event(payload), reply("1", "/a"))
        await sending
        assert site.messages[0].data == payload


@in_real_time
async def test_a_message_in_fragments_is_one() -> None:
    async with Site() as site:
        sending, peer = await site.begin(message("1"))
        text = json.dumps([reply("1")])
        await peer.connection.send([text[:5], text[5:9], text[9:]])
        await sending


@in_real_time
async def test_nothing_is_sent_without_messages() -> None:
    async with Site() as site:
        await site.transport.exchange([])
        assert site.upgrades == []
