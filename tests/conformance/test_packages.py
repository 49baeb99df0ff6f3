"""Behaviours of the other extensions: time, binary data, sessions that are handed over, tokens."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Channel
from pybayeux.errors import BayeuxError, PublishError
from pybayeux_ack import Ack
from pybayeux_auth import Auth
from pybayeux_binary import Binary, BinaryData, z85
from pybayeux_reload import Reload
from pybayeux_timestamp import Timestamp
from pybayeux_timesync import TimeSync
from pybayeux_timesync.estimate import sample_of
from tests.conformance.servers import behaviour, dev_server, on
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.conformance.servers import Target

EVERYWHERE = ("cometd", "faye", "cometd-node", "devserver")


# -- time


@behaviour("E10", where="the sum alone")
@pytest.mark.parametrize(
    ("sent", "server", "held", "now", "lag", "offset"),
    [
        (1_000, 1_050, 0, 1_100, 50, 0),
        (1_000, 6_050, 0, 1_100, 50, 5_000),
        (10_000, 9_060, 29_800, 39_920, 60, -1_000),
    ],
)
def test_what_the_server_held_is_no_lag(
    sent: float, server: float, held: float, now: float, lag: float, offset: float
) -> None:
    assert sample_of(sent, server, held, now) == (lag, offset)


@behaviour("E10")
@on("cometd", timesync=True)  # the others have no half of it
@in_loop
async def test_the_clock_of_the_server(target: Target) -> None:
    sync, journal = TimeSync(clock=lambda: time.time() + 3_600), Journal()
    async with target.client(sync, journal) as client:
        await client.subscribe("/conformance/time")
        assert sync.samples >= 1
        assert sync.offset.total_seconds() == pytest.approx(-3_600, abs=1)
        assert timedelta() <= sync.lag < timedelta(seconds=1)
        assert abs(sync.server_time() - datetime.now(UTC)) < timedelta(seconds=1)
    assert all({"tc", "l", "o"} <= (message.ext or {})["timesync"].keys() for message in journal.sent)


@behaviour("E10")
@on("cometd", timestamp=True)  # the others stamp nothing
@in_loop
async def test_the_server_s_timestamps_can_be_read(target: Target) -> None:
    began = datetime.now(UTC)
    journal = Journal()
    async with target.client(journal) as client, client.subscribe("/conformance/stamp") as events:
        await client.publish("/conformance/stamp", 1)
        moments = [(await anext(events)).timestamp_as_time()]
    moments += [message.timestamp_as_time() for message in journal.received]
    for moment in moments:
        assert moment is not None
        # The server tells whole seconds; about once in a hundred times CometD leaves an unsubscribe unanswered.
        assert began - timedelta(seconds=2) <= moment <= datetime.now(UTC) + timedelta(seconds=2)


@behaviour("E10")
@pytest.mark.parametrize("form", ["rfc1123", "iso"])
@on(*EVERYWHERE)
@in_loop
async def test_every_message_says_when_it_was_sent(target: Target, form: Any) -> None:
    journal = Journal()
    async with target.client(Timestamp(form), journal) as client:
        assert (await client.publish("/conformance/sent", 1)).successful
    assert {message.channel for message in journal.sent} >= {Channel.META_HANDSHAKE, "/conformance/sent"}
    for message in journal.sent:
        moment = message.timestamp_as_time()
        assert moment is not None
        assert abs(moment - datetime.now(UTC)) < timedelta(seconds=10)


# -- binary data


@behaviour("E11", where="the encoding alone")
@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("864FD26FB559F75B", "HelloWorld"),  # ZeroMQ's RFC 32; the others are CometD's
        ("", ""),
        ("FF", "@@"),
        ("FFFF", "%nJ"),
        ("FFFFFF", "%nS9"),
        ("FFFFFFFF", "%nSc0"),
        ("864FD26FB5", "HelloWe"),
    ],
)
def test_bytes_and_their_text(data: str, text: str) -> None:
    assert z85.encode(bytes.fromhex(data)) == text
    assert z85.decode(text) == bytes.fromhex(data)


PAYLOADS = [
    *(BinaryData(bytes(range(250, 250 + size))) for size in range(6)),
    BinaryData(bytes(range(256)), last=False, meta={"name": "a.bin", "part": 1}),
]


@behaviour("E11")
@on("cometd", "faye", instead={"cometd": {"binary": True}})  # the others drop the mark
@in_loop
async def test_bytes_there_and_back(target: Target) -> None:
    journal = Journal()
    async with target.client(Binary(), journal) as client, client.subscribe("/conformance/bytes") as events:
        for payload in PAYLOADS:
            await client.publish("/conformance/bytes", payload)
            event = await anext(events)
            assert (event.data, event.ext) == (payload, None)
    sent = [message for message in journal.sent if message.channel == "/conformance/bytes"]
    assert [message.ext for message in sent] == [{"binary": {}}] * len(PAYLOADS)
    assert sent[-1].data["last"] is False
    assert sent[-1].data["meta"] == {"name": "a.bin", "part": 1}
    assert z85.decode(sent[-1].data["data"]) == bytes(range(256))


@behaviour("E11", "P08")
@on("cometd", binary=True)  # the others answer no remote call with binary data
@in_loop
async def test_a_remote_call_with_bytes(target: Target) -> None:
    async with target.client(Binary()) as client:
        for payload in PAYLOADS:
            assert (await client.call("echo", payload)).data == payload


# -- a session that is handed over


async def _hand_over(target: Target, file: Path, *meanwhile: int) -> None:
    """Leave a session to the next client, and see what that one gets."""
    channel, before, after = "/conformance/handed-over", Reload(file), Reload(file)
    async with target.client(Ack(), before) as client:
        events = await client.subscribe(channel)
        session = client.client_id
        await target.send(channel, 1)
        assert await take(events, 1) == [1]
        await target.held(session)
        before.hand_over()
    await target.send(channel, *meanwhile)
    async with target.client(Ack(), after) as client, client.subscribe(channel) as events:
        assert (client.client_id, after.resumed, before.resumed) == (session, True, False)
        assert await take(events, len(meanwhile)) == list(meanwhile)
        assert await target.subscribed(session) == [channel]
        await target.send(channel, 4)
        assert await take(events, 1) == [4]
    assert session not in await target.sessions()


@behaviour("E12")
@on("cometd", "cometd-node", "devserver", instead={"devserver": {"replay": False}})
@in_loop
async def test_a_session_is_taken_over_with_what_came_meanwhile(target: Target, tmp_path: Path) -> None:
    await _hand_over(target, tmp_path / "session.json", 2, 3)
    assert os.listdir(tmp_path) == []  # there is nothing to take over any more


@behaviour("E12")
# By HTTP it writes what comes meanwhile to the connection that is gone, and answers no other before its time is up.
@on("faye", timeout=400)
@in_loop
async def test_a_session_is_taken_over_with_its_subscriptions(target: Target, tmp_path: Path) -> None:
    await _hand_over(target, tmp_path / "session.json")


@behaviour("E12")
@on(*EVERYWHERE, instead={"cometd": {"multiSessionInterval": 20}})  # it takes both sessions for one browser's
@in_loop
async def test_a_session_that_is_stale_gives_way_to_a_new_one(target: Target, tmp_path: Path) -> None:
    channel, file = "/conformance/stale", tmp_path / "session.json"
    before, after = Reload(file), Reload(file)
    async with target.client(Ack(), before) as client:
        await client.subscribe(channel)
        session = client.client_id
        before.hand_over()
    await target.drop(session)
    async with target.client(Ack(), after) as client, client.subscribe(channel) as events:
        assert client.client_id != session
        assert not after.resumed
        await client.publish(channel, 1)
        assert await take(events, 1) == [1]


# -- tokens


def _log_in(target: Target, issued: list[str]) -> Callable[[], Awaitable[str]]:
    """Gives a new token of the server each time."""

    async def log_in() -> str:
        issued.append(dev_server(target).tokens.issue())
        return issued[-1]

    return log_in


def _guarded(style: str) -> pytest.MarkDecorator:
    """A server that asks for tokens; no other one here does."""
    return on("devserver", instead={"devserver": {"tokens": ("the right one",), "auth_style": style}})


async def _assert_a_dead_token_is_replaced(target: Target) -> None:
    """Let the token die while the client is idle."""
    issued: list[str] = []
    server = dev_server(target)
    async with target.client(Auth(_log_in(target, issued))) as client, client.subscribe("/conformance/token") as events:
        session = client.client_id
        await target.held(session)
        await asyncio.to_thread(server.faults.expire_token)
        await asyncio.to_thread(server.received, Channel.META_SUBSCRIBE, 2)
        await client.publish("/conformance/token", 1)
        assert await take(events, 1) == [1]
        assert client.client_id not in (None, session)
    assert len(issued) == 2


@behaviour("E14")
@_guarded("bayeux")
@in_loop
async def test_a_token_that_dies_is_replaced_once_and_the_subscriptions_come_along(target: Target) -> None:
    await _assert_a_dead_token_is_replaced(target)


@behaviour("E14")
@_guarded("http")
@in_loop
async def test_a_token_refused_by_http_is_replaced_too(target: Target) -> None:
    await _assert_a_dead_token_is_replaced(target)


@behaviour("E14")
@_guarded("bayeux")
@in_loop
async def test_a_publish_with_a_dead_token_is_told_and_the_next_one_has_a_fresh_one(target: Target) -> None:
    issued: list[str] = []
    async with target.client(Auth(_log_in(target, issued))) as client:
        dev_server(target).tokens.revoke(issued[0])  # the held connect does not learn of it
        with pytest.raises(PublishError) as refused:
            await client.publish("/conformance/token", 1)
        assert refused.value.code == 401
        assert (await client.publish("/conformance/token", 2)).successful
    assert len(issued) == 2


@behaviour("E14")
@_guarded("salesforce")
@in_loop
async def test_a_dead_token_at_the_handshake_is_replaced_though_the_server_says_never(target: Target) -> None:
    tokens = iter(["a dead one", "the right one"])
    async with target.client(Auth(lambda: next(tokens))) as client:
        assert (await client.publish("/conformance/token", 1)).successful
    assert len(dev_server(target).recorder.messages(Channel.META_HANDSHAKE)) == 2


@behaviour("E14")
@_guarded("salesforce")
@in_loop
async def test_a_fixed_token_that_is_refused_is_an_error_and_no_loop(target: Target) -> None:
    with pytest.raises(BayeuxError, match="403::Handshake denied") as refused:
        await target.client(Auth("a wrong and secret one")).start()
    assert "secret" not in str(refused.value)
    assert len(dev_server(target).recorder.messages(Channel.META_HANDSHAKE)) == 1


@behaviour("E14")
@_guarded("salesforce")
@in_loop
async def test_fresh_tokens_that_are_all_refused_are_an_error_after_a_few(target: Target) -> None:
    asked: list[int] = []

    def log_in() -> str:
        asked.append(1)
        return f"wrong {len(asked)}"

    with pytest.raises(BayeuxError):
        await target.client(Auth(log_in, refreshes=2)).start()
    assert len(asked) == 3
