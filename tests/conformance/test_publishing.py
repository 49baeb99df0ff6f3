"""Behaviours of publishes, batches and remote calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from pybayeux import Channel, ConnectionState
from pybayeux.errors import (
    BayeuxError,
    ClientStateError,
    ExchangeTimeoutError,
    InvalidChannelError,
    PublishError,
    TransportError,
    UsageError,
)
from tests.conformance.servers import behaviour, dev_server, on
from tests.conformance.tap import Tap
from tests.servers.faults import Action, Fault
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from typing import Any

    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")
DENYING = {"devserver": {"deny_publish": ("/denied/**",)}}


@behaviour("P01")
@on(*EVERYWHERE, instead=DENYING)
@in_loop
async def test_a_publish_returns_the_server_s_reply_or_raises_its_refusal(target: Target) -> None:
    async with target.client() as client:
        reply = await client.publish("/conformance/reply", {"n": 1})
        assert (reply.channel, reply.successful, reply.error) == ("/conformance/reply", True, None)
        with pytest.raises(PublishError, match="/denied/here") as refused:
            await client.publish("/denied/here", {"n": 2})
        assert (refused.value.channel, refused.value.code) == ("/denied/here", 403)
        assert refused.value.error is not None
        assert refused.value.reply is not None
        assert refused.value.error.code == refused.value.code
        args, message = refused.value.error.args, refused.value.error.message
        assert refused.value.reply.error == ":".join(["403", ",".join(args), message])
        assert (await client.publish("/conformance/reply", 3)).successful


@behaviour("P02", "P07")
@on(*EVERYWHERE)
@in_loop
async def test_a_publish_without_an_answer_fails_once_and_spoils_nothing(target: Target, proxy: Proxy) -> None:
    journal = Journal()
    async with target.client() as witness, witness.subscribe("/conformance/cut") as events:
        fault = proxy.add(Fault(Action.CUT, b"/conformance/cut-off"))
        async with target.client(journal) as client:
            outcomes: tuple[Any, ...] = await asyncio.gather(
                client.publish("/conformance/cut-off", 0),
                _later(client.publish("/conformance/cut", 1)),
                _later(client.publish("/conformance/cut", 2)),
                return_exceptions=True,
            )
            lost, *others = outcomes
            assert isinstance(lost, PublishError)
            assert isinstance(lost.__cause__, TransportError)
            assert [getattr(reply, "successful", reply) for reply in others] == [True, True]
            assert sorted(await take(events, 2)) == [1, 2]
            told = [reply for reply in journal.received if reply.channel == "/conformance/cut-off"]
            assert [reply.successful for reply in told] == [False]
            assert fault.struck == 1


async def _later(publish: Any) -> Any:
    """A publish that is made when those before it are on their way: the next request brings it."""
    await asyncio.sleep(0)
    return await publish


@behaviour("P02", "P11")
@on(*EVERYWHERE)
@in_loop
async def test_a_publish_while_nothing_can_be_reached_is_sent_once_when_it_can(target: Target, proxy: Proxy) -> None:
    journal = Journal()
    async with target.client(journal) as client:
        await asyncio.to_thread(proxy.refuse)
        await client.wait_for(ConnectionState.UNCONNECTED)
        with pytest.raises(PublishError, match="no answer within"):
            await client.publish("/conformance/down", "gave up", timeout=0.05)
        waiting = asyncio.create_task(client.publish("/conformance/down", "waits"))
        await journal.until(lambda: len(journal.failures(TransportError)) >= 3)
        assert not waiting.done()
        await asyncio.to_thread(proxy.accept)
        assert (await waiting).successful
        waited = {message.id for message in journal.sent if message.data == "waits"}
        assert [reply.successful for reply in journal.received if reply.id in waited].count(True) == 1


@behaviour("P03")
@on(*EVERYWHERE)
@in_loop
async def test_a_publish_while_disconnected_fails_at_once_where_it_is_not_to_wait(target: Target, proxy: Proxy) -> None:
    client = target.client()
    with pytest.raises(PublishError, match="disconnected"):
        await client.publish("/conformance/offline", 1, offline="fail")
    with pytest.raises(ClientStateError):  # it would never be sent
        await client.publish("/conformance/offline", 1)
    async with client:
        assert (await client.publish("/conformance/offline", 1, offline="fail")).successful
        await asyncio.to_thread(proxy.refuse)
        await client.wait_for(ConnectionState.UNCONNECTED)
        with pytest.raises(PublishError, match="unconnected"):
            await client.publish("/conformance/offline", 2, offline="fail")
        await asyncio.to_thread(proxy.accept)
    with pytest.raises(ClientStateError):
        await client.publish("/conformance/offline", 3)


@behaviour("P04")
@on(*EVERYWHERE, instead=DENYING)
@in_loop
async def test_a_batch_is_one_request_in_order(target: Target) -> None:
    tap, channels = Tap(), ["/conformance/batch/a", "/denied/batch", "/conformance/batch/b", "/conformance/batch/a"]
    async with target.client(tap) as client, client.subscribe("/conformance/batch/**") as events:
        async with client.batch() as batch:
            for number, channel in enumerate(channels):
                batch.publish(channel, number)
            await target.held(client.client_id)
            assert tap.sent(channels[0]) == []  # nothing leaves before the end
        assert channels in tap.channels()
        assert [isinstance(reply, PublishError) for reply in batch.replies] == [False, True, False, False]
        # By HTTP the first one may come with the held connect, and the others with the replies; CometD has two threads.
        assert sorted(await take(events, 3)) == [0, 2, 3]


@behaviour("P04")
@on(*EVERYWHERE)
@in_loop
async def test_a_batch_in_a_batch_is_sent_with_it_and_an_exception_loses_nothing(target: Target) -> None:
    tap, channel = Tap(), "/conformance/nested"
    async with target.client(tap) as client:
        with pytest.raises(LookupError):
            async with client.batch() as batch:
                batch.publish(channel, 1)
                async with batch:
                    batch.publish(channel, 2)
                batch.publish(channel, 3)
                raise LookupError
        assert [message.data for exchange in tap.with_channel(channel) for message in exchange] == [1, 2, 3]
        assert len(tap.with_channel(channel)) == 1
        assert [not isinstance(reply, BaseException) and reply.successful for reply in batch.replies] == [True] * 3


@behaviour("P05")
@on(*EVERYWHERE)
@in_loop
async def test_what_is_queued_in_one_turn_travels_together(target: Target) -> None:
    tap, channel = Tap(), "/conformance/turn"
    async with target.client(tap) as client:
        await asyncio.gather(*(client.publish(channel, number) for number in range(5)))
        await asyncio.gather(client.publish(channel, 5), client.subscribe("/conformance/turn/other"))
    first, second = tap.with_channel(channel)
    assert [message.data for message in first] == [0, 1, 2, 3, 4]
    assert sorted(message.channel for message in second) == [channel, Channel.META_SUBSCRIBE]


@behaviour("P06")
@on(*EVERYWHERE)
@in_loop
async def test_two_requests_at_a_time_and_none_behind_the_held_connect(target: Target) -> None:
    tap = Tap()
    async with target.client(tap) as client:
        await target.held(client.client_id)
        before = len(tap.sent(Channel.META_CONNECT))
        async with asyncio.timeout(5):  # the connect is held for thirty seconds
            for number in range(3):
                await client.publish("/conformance/two", number)
            await asyncio.gather(*(_after(turns, client.publish("/conformance/two", turns)) for turns in range(9)))
        assert len(tap.sent(Channel.META_CONNECT)) == before
        assert tap.most == 2


async def _after(turns: int, publish: Any) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)
    await publish


@behaviour("P09")
@on(*EVERYWHERE)
@in_loop
async def test_a_message_above_the_limit_is_refused_before_it_is_sent(target: Target) -> None:
    tap, channel = Tap(), "/conformance/size"
    async with target.client(tap, max_message_size=150) as client:
        with pytest.raises(UsageError, match="max_message_size=150"):
            await client.publish(channel, "x" * 150)
        assert (await client.publish(channel, "x" * 80)).successful
    assert len(tap.sent(channel)) == 1


@behaviour("P09")
@on(*EVERYWHERE)
@in_loop
async def test_an_answer_above_the_limit_is_reported_and_stops_nothing(target: Target) -> None:
    option = "max_message_size" if target.transport == "websocket" else "max_response_size"
    journal, channel = Journal(), "/conformance/flood"
    limits = {target.transport: {option: 5_000}}
    async with (
        target.client(journal, transport_options=limits) as client,
        client.subscribe(channel) as events,
    ):
        session = client.client_id
        await target.held(session)
        await target.send(channel, "x" * 20_000)
        await journal.until(lambda: bool(journal.failures(TransportError)))
        assert "5000" in str(journal.failures(TransportError)[0])
        await client.wait_for(ConnectionState.CONNECTED)
        assert client.client_id == session
        while not events.pending:  # the first may be written to a connection that is closing
            await target.send(channel, "small")
        assert await take(events, 1) == ["small"]


@behaviour("P10")
@on(*EVERYWHERE)
@in_loop
async def test_publishing_to_meta_channels_patterns_and_none_is_refused_here(target: Target) -> None:
    tap = Tap()
    async with target.client(tap) as client, target.low_client(tap) as low:
        for channel in ("/meta/connect", "/meta/x", "/a/*", "/a/**", "", "/", "a", "/a//b", "/a\x00"):
            for publish in (client.publish, low.publish, _batched(client)):
                with pytest.raises(InvalidChannelError):
                    await publish(channel, 1)
        assert (await client.publish("/conformance/valid", 1)).successful
    assert {message.channel for exchange in tap.exchanges for message in exchange} == {
        Channel.META_HANDSHAKE,
        Channel.META_CONNECT,
        Channel.META_DISCONNECT,
        "/conformance/valid",
    }


def _batched(client: Any) -> Any:
    async def publish(channel: str, data: Any) -> None:
        async with client.batch() as batch:
            batch.publish(channel, data)

    return publish


@behaviour("P12")
@on("faye", "devserver", instead={"devserver": {"anonymous_publish": True}})
@in_loop
async def test_publishing_without_a_session_where_the_server_takes_it(target: Target) -> None:
    async with (
        target.client() as receiver,
        receiver.subscribe("/conformance/anonymous") as events,
        target.low_client() as client,
    ):
        [reply, *_] = await client.publish("/conformance/anonymous", 1)
        assert (reply.successful, client.client_id) == (True, None)
        assert await take(events, 1) == [1]


@behaviour("P12")
@on("cometd", "cometd-node", "devserver")
@in_loop
async def test_publishing_without_a_session_where_the_server_refuses_it(target: Target) -> None:
    async with target.low_client() as client:
        with pytest.raises(PublishError) as refused:
            await client.publish("/conformance/anonymous", 1)
        assert refused.value.code == 402


# -- remote calls


@behaviour("P08")
@on("cometd", "devserver")  # the others know no remote calls
@in_loop
async def test_a_remote_call_is_answered(target: Target) -> None:
    async with target.client() as client:
        answers = await asyncio.gather(*(client.call("echo", {"n": number}) for number in range(5)))
        assert [answer.data for answer in answers] == [{"n": number} for number in range(5)]
        assert {answer.channel for answer in answers} == {"/service/echo"}


def _fail(data: Any) -> None:
    raise ValueError(f"cannot do {data}")


@behaviour("P08")
@on("cometd", "devserver", instead={"devserver": {"services": {"/service/fail": _fail}}})
@in_loop
async def test_a_remote_call_that_fails_raises_what_the_server_says(target: Target) -> None:
    async with target.client() as client:
        with pytest.raises(PublishError, match="/service/fail") as failed:
            await client.call("fail", "this")
        assert failed.value.reply is not None
        assert "this" in failed.value.reply.data


@behaviour("P08")
@on(*EVERYWHERE)
@in_loop
async def test_a_remote_call_without_an_answer_is_over_in_time(target: Target) -> None:
    async with target.client() as client:
        with pytest.raises(ExchangeTimeoutError, match="406::timeout"):
            await client.call("unanswered", 1, timeout=0.1)
        assert (await client.publish("/conformance/after", 1)).successful


@behaviour("P08")
@on("devserver")  # the answer has to be later than the reply to the publish, and known to be
@in_loop
async def test_the_answer_to_a_remote_call_may_come_long_after_its_reply(target: Target) -> None:
    server = dev_server(target)
    async with target.client() as client:
        calling = asyncio.create_task(client.call("slow", 1))
        [asked] = await asyncio.to_thread(server.received, "/service/slow")
        await client.publish("/conformance/meanwhile", 1)
        assert not calling.done()
        await asyncio.to_thread(server.push, {"channel": "/service/slow", "id": asked["id"], "data": "late"})
        assert (await calling).data == "late"


@behaviour("P08")
@on(*EVERYWHERE)
@in_loop
async def test_a_remote_call_fails_with_the_connection(target: Target, proxy: Proxy) -> None:
    async with target.client() as client:
        proxy.add(Fault(Action.CUT, b"/service/broken"))
        with pytest.raises(BayeuxError) as failed:
            await client.call("broken", 1)
        assert isinstance(failed.value.__cause__, TransportError)
