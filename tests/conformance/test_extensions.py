"""Behaviours of extensions: their order, what they change and stop, and what becomes of their failures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Channel, ConnectionState, Drop, Message, hookimpl
from pybayeux.errors import ExtensionError, ExtensionHookError, HandshakeError, MessageDropped, PublishError
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.tap import Tap
from tests.servers.faults import Action, Fault
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")


class Named:
    """An extension that notes in a common list what passes it."""

    def __init__(self, name: str, log: list[tuple[str, str, str]]) -> None:
        self._name = name
        self._log = log

    @hookimpl
    def outgoing(self, message: Message) -> None:
        self._log.append(("out", self._name, message.channel))

    @hookimpl
    def incoming(self, message: Message) -> None:
        self._log.append(("in", self._name, message.channel))

    @hookimpl
    def registered(self, name: str) -> None:
        self._log.append(("begin", self._name, name))

    @hookimpl
    def unregistered(self, name: str) -> None:
        self._log.append(("end", self._name, name))


@behaviour("E01")
@on(*EVERYWHERE)
@in_loop
async def test_extensions_lie_around_the_client_like_the_skins_of_an_onion(target: Target) -> None:
    log: list[tuple[str, str, str]] = []
    channel = "/conformance/onion"
    async with (
        target.client() as other,
        target.client(Named("a", log), Named("b", log), Named("c", log)) as client,
        client.subscribe(channel) as events,
    ):
        await other.publish(channel, 1)
        assert await take(events, 1) == [1]
        await client.publish("/conformance/onion/own", 1)
    messages = [entry for entry in log if entry[0] in ("in", "out")]
    for seen in (Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/conformance/onion/own"):
        out = [name for way, name, where in messages if (way, where) == ("out", seen)]
        into = [name for way, name, where in messages if (way, where) == ("in", seen)]
        assert (out[:3], into[:3]) == (["c", "b", "a"], ["a", "b", "c"])
    assert [name for way, name, where in messages if (way, where) == ("in", channel)] == ["a", "b", "c"]


@behaviour("E02")
@on(*EVERYWHERE)
@in_loop
async def test_registered_and_unregistered_come_once_each_and_a_name_once(target: Target) -> None:
    log: list[tuple[str, str, str]] = []
    client = target.client()
    client.use(Named("first", log), "first")
    async with client:
        await client.use(Named("second", log), "second")
        with pytest.raises(ExtensionError, match="second"):
            client.use(Named("third", log), "second")
        await client.publish("/conformance/names", 1)
        await client.remove("second")
        with pytest.raises(ExtensionError):
            client.remove("second")
        client.rehandshake("another session is no other client")
        await client.publish("/conformance/names", 2)
    life = [entry for entry in log if entry[0] in ("begin", "end")]
    assert life == [
        ("begin", "first", "first"),
        ("begin", "second", "second"),
        ("end", "second", "second"),
        ("end", "first", "first"),
    ]
    assert "third" not in {name for _, name, _ in log}
    assert (log[0][0], log[-1][0]) == ("begin", "end")


class Veto:
    """An extension that stops what is asked of it."""

    def __init__(self, *channels: str, data: Any = None, coming_in: bool = False) -> None:
        self._channels = channels
        self._data = data
        self._coming_in = coming_in

    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        return None if self._coming_in else self._verdict(message)

    @hookimpl
    def incoming(self, message: Message) -> Drop | None:
        return self._verdict(message) if self._coming_in else None

    def _verdict(self, message: Message) -> Drop | None:
        meant = message.channel in self._channels and (self._data is None or message.data == self._data)
        return Drop("not this one") if meant else None


@behaviour("E03")
@on(*EVERYWHERE)
@in_loop
async def test_a_veto_on_the_way_out_stops_one_message_and_tells_the_caller(target: Target) -> None:
    tap, channel = Tap(), "/conformance/veto"
    async with (
        target.client() as other,
        other.subscribe(channel) as events,
        target.client(tap, Veto(channel, data=2)) as client,
    ):
        async with client.batch() as batch:
            for number in (1, 2, 3):
                batch.publish(channel, number)
        assert [isinstance(reply, BaseException) for reply in batch.replies] == [False, True, False]
        assert isinstance(batch.replies[1], MessageDropped)
        assert str(batch.replies[1]).startswith("404::message_deleted")
        assert (batch.replies[1].code, batch.replies[1].reason) == (404, "not this one")
        assert await take(events, 2) == [1, 3]
        assert [message.data for message in tap.sent(channel)] == [1, 3]
        with pytest.raises(MessageDropped):  # alone: then no request is made at all
            await client.publish(channel, 2)
        assert len(tap.with_channel(channel)) == 1


@behaviour("E04")
@on(*EVERYWHERE)
@in_loop
async def test_a_veto_on_the_way_in_keeps_events_and_replies_from_their_receivers(target: Target) -> None:
    secret, reply, free = "/conformance/in/secret", "/conformance/in/reply", "/conformance/in/free"
    async with (
        target.client() as other,
        target.client(Veto(secret, reply, coming_in=True)) as client,
        client.subscribe(secret) as hidden,
        client.subscribe(free) as events,
    ):
        await other.publish(secret, 1)
        await other.publish(free, 2)
        assert await take(events, 1) == [2]
        with pytest.raises(MessageDropped, match="not this one"):
            await client.publish(reply, 3)
        await other.publish(free, 4)
        assert await take(events, 1) == [4]
        assert hidden.pending == 0


@behaviour("E04")
@on(*EVERYWHERE)
@in_loop
async def test_a_veto_of_every_connect_s_reply_does_not_stop_the_heart(target: Target) -> None:
    tap, heard = Tap(), list[Message]()
    client = target.client(tap, Veto(Channel.META_CONNECT, coming_in=True))
    client.listen(Channel.META_CONNECT, heard.append)
    async with client, client.subscribe("/conformance/heart") as events:
        for number in range(4):
            await target.send("/conformance/heart", number)
            assert await take(events, 1) == [number]
        assert client.state == "connected"
        assert len(tap.sent(Channel.META_CONNECT)) >= 2
    assert heard == []


class Clumsy:
    """An extension that fails at every event, and with the publishes of one channel."""

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == "/conformance/clumsy/out":
            raise LookupError("nothing there")

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/conformance/clumsy":
            raise ZeroDivisionError

    @hookimpl
    def delivered(self) -> None:
        raise ArithmeticError

    @hookimpl
    def state_changed(self) -> None:
        raise KeyError


@behaviour("E05")
@on(*EVERYWHERE)
@in_loop
async def test_an_exception_in_an_extension_is_told_and_stops_nothing(target: Target) -> None:
    journal, channel = Journal(), "/conformance/clumsy"
    async with target.client(journal, Clumsy()) as client, client.subscribe(channel) as events:
        await target.send(channel, 1)
        assert await take(events, 1) == [1]
        with pytest.raises(ExtensionHookError, match="nothing there") as failed:
            await client.publish("/conformance/clumsy/out", 1)
        assert isinstance(failed.value.__cause__, LookupError)
        await client.publish(channel, 2)
        assert await take(events, 1) == [2]
    told = {error.hook: type(error.__cause__) for error in journal.errors if isinstance(error, ExtensionHookError)}
    assert told == {"incoming": ZeroDivisionError, "delivered": ArithmeticError, "state_changed": KeyError}


class Change:
    """An extension that changes what is sent to one channel, in every way."""

    def __init__(self, channel: str, mark: str = "com.example.mark") -> None:
        self._channel = channel
        self._mark = mark

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == self._channel:
            message.data = ["changed", message.data]
            message.timestamp = "2026-01-01T00:00:00"
            message.extra["priority"] = 3
            ext = message.get_ext(create=True)
            assert ext is not None
            ext[self._mark] = True


@behaviour("E06")
@on(*EVERYWHERE)
@in_loop
async def test_changed_data_reaches_the_others(target: Target) -> None:
    channel = "/conformance/change"
    async with target.client() as other, other.subscribe(channel) as events, target.client(Change(channel)) as client:
        await client.publish(channel, 1)
        assert await take(events, 1) == [["changed", 1]]


@behaviour("E06")
@on("cometd", "faye", "cometd-node")  # they refuse a handshake with this in its ext; the devserver's record is below
@in_loop
async def test_a_new_ext_reaches_the_server(target: Target) -> None:
    async with target.low_client(Change(Channel.META_HANDSHAKE, "deny")) as client:
        with pytest.raises(HandshakeError) as refused:
            await client.handshake()
        assert refused.value.code == 403


@behaviour("E06")
@on("devserver")  # the others do not show what they received
@in_loop
async def test_every_changed_field_reaches_the_server(target: Target) -> None:
    channel = "/conformance/change"
    async with target.client(Change(channel)) as client:
        await client.publish(channel, 1)
    [received] = dev_server(target).recorder.messages(channel)
    assert received["data"] == ["changed", 1]
    assert (received["timestamp"], received["priority"]) == ("2026-01-01T00:00:00", 3)
    assert received["ext"] == {"com.example.mark": True}


@behaviour("E07")
@on(*EVERYWHERE)
@in_loop
async def test_extensions_see_local_failures_as_replies(target: Target, proxy: Proxy) -> None:
    journal = Journal()
    async with target.client(journal) as client:
        session = client.client_id
        await target.held(session)
        proxy.add(Fault(Action.CUT, b"/conformance/failure"))
        with pytest.raises(PublishError):
            await client.publish("/conformance/failure", 1)
        await asyncio.to_thread(proxy.sever)
        await journal.until(lambda: ConnectionState.UNCONNECTED in journal.states)  # it may be connected again by now
    failures = [message for message in journal.received if message.successful is False]
    assert {message.channel for message in failures} >= {"/conformance/failure", Channel.META_CONNECT}
    sent = {message.id: message.channel for message in journal.sent}
    for message in failures:
        assert sent[message.id] == message.channel
        assert message.extra["failure"]["connectionType"] == target.transport
        assert message.extra["failure"]["status"] is None
        assert (message.error or "").startswith("503::")


class Slow:
    """An extension that waits for what it puts into messages."""

    def __init__(self) -> None:
        self.token: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.came: list[Any] = []

    @hookimpl
    async def outgoing(self, message: Message) -> None:
        if message.channel == "/conformance/slow":
            message.data = [await self.token, message.data]

    @hookimpl
    async def incoming(self, message: Message) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        if message.has_data:
            self.came.append(message.data)


@behaviour("E08")
@on(*EVERYWHERE)
@in_loop
async def test_extensions_may_wait_and_the_order_stays(target: Target) -> None:
    slow, channel = Slow(), "/conformance/slow"
    async with target.client(slow) as client, client.subscribe(channel) as events:
        first = asyncio.create_task(client.publish(channel, 1))
        second = asyncio.create_task(client.publish(channel, 2))
        await target.held(client.client_id)  # the connection does not wait with them
        assert not first.done()
        slow.token.set_result("token")
        assert [reply.successful for reply in await asyncio.gather(first, second)] == [True, True]
        received = await take(events, 2)
        assert sorted(received) == [["token", 1], ["token", 2]]
        assert received == slow.came
        await target.stream(channel, 50)
        assert [data["seq"] for data in await take(events, 50)] == list(range(50))
