"""Answers that are no Bayeux, or not quite: reported with what was received, tried again, and no event lost."""

from __future__ import annotations

import json

import pytest

from pybayeux import Channel, ConnectionState
from pybayeux.errors import (
    BayeuxError,
    MalformedMessageError,
    MessageDecodeError,
    PublishError,
    SessionEndedError,
    TransportError,
    UnknownAdviceError,
)
from tests.support.clients import make_client, take
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import Json, Script, ScriptedServer, replies

PAGE = f"<html><body>Please log in {'and again ' * 1000}</body></html>".encode()


def body(content: bytes, **details: object) -> Script:
    """The same bytes whatever was asked."""
    return lambda asked: Answer(content, **details)  # type: ignore[arg-type]


def cut_short(asked: list[Json]) -> Answer:
    """The announced length does not arrive."""
    return Answer(json.dumps([answer_to(message) for message in asked]).encode(), cut=20)


def without_channel(asked: list[Json]) -> Answer:
    """A message that does not say what it is about, in place of the answer."""
    return replies(*[{"id": message["id"], "successful": True, "data": "stray"} for message in asked])


def answer_to(message: Json) -> Json:
    """A reply to one message."""
    reply = {"channel": message["channel"], "id": message["id"], "successful": True}
    return reply | {name: message[name] for name in ("clientId", "subscription") if name in message}


BAD: dict[str, tuple[Script, type[BayeuxError], str]] = {
    "malformed": (body(b'[{"channel": "/meta/conn'), MessageDecodeError, '[{"channel": "/meta/conn'),
    "no JSON": (body(b"Bad Gateway"), MessageDecodeError, "Bad Gateway"),
    "no UTF-8": (body(b'[{"channel": "/\xff\xfe"}]'), MessageDecodeError, "channel is no JSON"),
    "HTML": (body(PAGE, content_type="text/html"), MessageDecodeError, "Please log in"),
    "a number": (body(b"42"), MessageDecodeError, "42"),
    "no message": (body(b'["stray"]'), MalformedMessageError, "stray"),
    "truncated": (cut_short, TransportError, "received 20"),
    "empty": (body(b""), TransportError, "empty"),
    "blank": (body(b" \r\n"), TransportError, "empty"),
    "no reply": (body(b"[]"), TransportError, "no reply"),
    "another's reply": (
        body(b'[{"channel": "/meta/connect", "id": "x", "successful": true}]'),
        TransportError,
        "no reply",
    ),
    "empty object": (body(b"{}"), MalformedMessageError, "without a channel"),
    "another object": (body(b'{"message": "Down for maintenance"}'), MalformedMessageError, "Down for maintenance"),
    "no channel": (without_channel, MalformedMessageError, "stray"),
    "503": (body(b"Overloaded", status=503), TransportError, "Overloaded"),
    "500": (body(PAGE, status=500), TransportError, "Please log in"),
    "204": (body(b"", status=204), TransportError, "204"),
}
bad = pytest.mark.parametrize(("spoil", "kind", "told"), BAD.values(), ids=BAD.keys())


def assert_told(journal: Journal, kind: type[BayeuxError], told: str) -> None:
    """One of the errors says what was received, and none of them says all of a long page."""
    assert any(told in str(error) for error in journal.failures(kind)), journal.errors
    assert max(len(str(error)) for error in journal.errors) < 500


@bad
@in_loop
async def test_bad_answer_to_a_handshake(spoil: Script, kind: type[BayeuxError], told: str) -> None:
    journal = Journal()
    async with ScriptedServer() as server:
        server.spoil(Channel.META_HANDSHAKE, spoil, spoil)
        async with make_client(server.url, journal), make_client(server.url) as other:
            assert other.state == "connected"
        assert_told(journal, kind, told)
        assert len(server.messages(Channel.META_HANDSHAKE)) == 4


@bad
@in_loop
async def test_bad_answer_to_a_connect(spoil: Script, kind: type[BayeuxError], told: str) -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        events = await client.subscribe("/bad")
        await server.received(Channel.META_CONNECT, 2)
        server.publish("/bad", 1)
        assert await take(events, 1) == [1]
        await server.received(Channel.META_CONNECT, 3)
        server.spoil(Channel.META_CONNECT, spoil, spoil, spoil)
        server.publish("/bad", 2, 3)
        assert await take(events, 2) == [2, 3]
        server.publish("/bad", 4)
        await journal.until(lambda: journal.count(ConnectionState.CONNECTED) == 2)
        server.publish("/bad", 5)
        assert await take(events, 2) == [4, 5]
        assert_told(journal, kind, told)
        assert len(server.messages(Channel.META_HANDSHAKE)) == 1


@bad
@in_loop
async def test_bad_answer_to_a_subscribe(spoil: Script, kind: type[BayeuxError], told: str) -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        server.spoil(Channel.META_SUBSCRIBE, spoil, spoil)
        events = await client.subscribe("/bad")
        assert server.subscriptions == ["/bad"]
        server.publish("/bad", 1)
        assert await take(events, 1) == [1]
        assert_told(journal, kind, told)


@bad
@in_loop
async def test_bad_answer_to_a_publish(spoil: Script, kind: type[BayeuxError], told: str) -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        server.spoil("/bad", spoil)
        with pytest.raises(PublishError, match="/bad"):  # the client cannot know whether the server has published it
            await client.publish("/bad", 1)
        assert (await client.publish("/bad", 2)).successful
        assert [message["data"] for message in server.messages("/bad")] == [1, 2]
        assert_told(journal, kind, told)


@bad
@in_loop
async def test_bad_answer_to_a_disconnect(spoil: Script, kind: type[BayeuxError], told: str) -> None:
    async with ScriptedServer() as server:
        async with make_client(server.url, max_network_delay=0.2) as client:
            server.spoil(Channel.META_DISCONNECT, spoil)
        assert client.state == "disconnected"
        assert len(server.messages(Channel.META_DISCONNECT)) == 1


# -- what can be understood is understood


def changed(**members: object) -> Script:
    """The right answer, with these members in its replies."""
    return lambda answer: replies(*[each | members if "successful" in each else each for each in answer])


def numeric_ids(answer: list[Json]) -> Answer:
    return replies(*[each | {"id": int(each["id"])} if "id" in each else each for each in answer])


def bare_object(answer: list[Json]) -> Answer:
    """An answer of one message, without the array around it."""
    return Answer(json.dumps(answer[0]).encode()) if len(answer) == 1 else replies(*answer)


def without_ids(answer: list[Json]) -> Answer:
    return replies(*[{name: value for name, value in each.items() if name != "id"} for each in answer])


def with_unknown_parts(answer: list[Json]) -> Answer:
    """With unknown members, messages without a channel, and a reply that no request waits for."""
    late = {"channel": "/meta/connect", "id": "late", "successful": False, "error": "402::session_unknown"}
    return replies({"data": 1}, late, *[each | {"x-server": {"deep": [1]}, "version": 1} for each in answer], None)


ODD: dict[str, tuple[Script, int]] = {
    "numeric ids": (numeric_ids, 0),
    "bare object": (bare_object, 0),
    "without ids": (without_ids, 0),
    "with unknown parts": (with_unknown_parts, 2),
    "success as text": (changed(successful="true"), 0),
}


CHANNELS = (Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/odd")
# What answers a publish is known by its id alone: an event on the channel looks the same otherwise.
CASES = [(channel, odd) for channel in CHANNELS for odd in ODD if (channel, odd) != ("/odd", "without ids")]


@pytest.mark.parametrize(("channel", "odd"), CASES)
@in_loop
async def test_odd_answer_is_understood(channel: str, odd: str) -> None:
    journal, (alter, errors) = Journal(), ODD[odd]
    async with ScriptedServer() as server:
        server.alter(channel, alter)
        async with make_client(server.url, journal) as client, client.subscribe("/odd") as events:
            assert (await client.publish("/odd", 1)).channel == "/odd"
            assert await take(events, 1) == [1]
        assert [type(error) for error in journal.errors] == [MalformedMessageError] * errors
        assert journal.count(ConnectionState.CONNECTED) == 1


@in_loop
async def test_numeric_client_id_goes_back_as_text() -> None:
    async with ScriptedServer() as server:
        server.client_ids = iter(["4711"])
        server.alter(Channel.META_HANDSHAKE, changed(clientId=4711))
        async with make_client(server.url) as client:
            assert client.client_id == "4711"


@in_loop
async def test_unknown_advice_on_a_success_is_reported_and_the_session_goes_on() -> None:
    journal = Journal()
    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        events = await client.subscribe("/bad")
        server.alter(Channel.META_CONNECT, changed(advice={"reconnect": "tomorrow", "interval": 0}))
        for number in range(3):
            server.publish("/bad", number)
            assert await take(events, 1) == [number]
    [error] = journal.errors
    assert isinstance(error, UnknownAdviceError)
    assert error.value == "tomorrow"


@pytest.mark.parametrize("channel", [Channel.META_HANDSHAKE, Channel.META_CONNECT])
@in_loop
async def test_unknown_advice_on_a_failure_ends_the_session(channel: Channel) -> None:
    # Bayeux 1.0, section 3.5.2: what the client does not know it must take for `none`.
    journal = Journal()
    async with ScriptedServer() as server:
        server.alter(channel, changed(successful=False, error="500::broken", advice={"reconnect": "tomorrow"}))
        with pytest.raises(SessionEndedError, match="tomorrow"):
            await make_client(server.url, journal).start()
        assert len(server.messages(channel)) == 1
    assert len(journal.failures(SessionEndedError)) == 1


@pytest.mark.parametrize("advice", [{"interval": "soon"}, {"timeout": None}, {"reconnect": 5}, "retry", [], 7], ids=str)
@in_loop
async def test_odd_advice_is_no_reason_to_stop(advice: object) -> None:
    async with ScriptedServer() as server, make_client(server.url) as client, client.subscribe("/bad") as events:
        server.alter(Channel.META_CONNECT, changed(advice=advice))
        for number in range(3):
            server.publish("/bad", number)
            assert await take(events, 1) == [number]


@in_loop
async def test_bad_event_does_not_cost_the_others_of_its_batch() -> None:
    journal = Journal()

    def odd(answer: list[Json]) -> Answer:
        return replies({"data": "no channel"}, answer[0], 5, *answer[1:])

    async with ScriptedServer() as server, make_client(server.url, journal) as client:
        events = await client.subscribe("/bad")
        server.alter(Channel.META_CONNECT, odd)
        server.publish("/bad", 1, 2, 3)
        assert await take(events, 3) == [1, 2, 3]
    assert [type(error) for error in journal.errors] == [MalformedMessageError] * 2


@in_loop
async def test_order_is_kept_wherever_the_events_of_an_answer_stand() -> None:
    def mixed(answer: list[Json]) -> Answer:
        *events, reply = answer
        return replies(*events[:2], reply, *events[2:])

    async with ScriptedServer() as server, make_client(server.url) as client:
        events = await client.subscribe("/mixed/*")
        server.alter(Channel.META_CONNECT, mixed)
        for number in range(5):
            server.publish(f"/mixed/{number % 2}", number)
        assert await take(events, 5) == list(range(5))
