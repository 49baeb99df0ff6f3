"""What gobayeux promises: the examples of its documentation byte for byte, and the tables of its tests."""

from __future__ import annotations

import asyncio
import inspect
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import (
    Advice,
    AsyncClient,
    BayeuxClient,
    Channel,
    ChannelType,
    ConnectionEvent,
    ConnectionState,
    ConnectionStateMachine,
    ConnectionType,
    Message,
    encode,
    requests,
)
from pybayeux.errors import (
    ClientStateError,
    InvalidChannelError,
    MessageDecodeError,
    MissingFieldError,
    SessionEndedError,
    TransportError,
    UsageError,
)
from tests.conformance.servers import behaviour, on
from tests.conformance.traffic import Traffic
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.servers import Target

ID = "Un1q31d3nt1f13r"
CHANNELS = ["/foo/**", "/foo/**", "/bar/foo"]
S, E = ConnectionState, ConnectionEvent


@behaviour("G01")
@pytest.mark.parametrize(
    ("message", "json"),
    [
        (
            requests.handshake(["long-polling"], version="1.0"),
            '[{"channel":"/meta/handshake","version":"1.0","supportedConnectionTypes":["long-polling"]}]',
        ),
        (
            requests.connect(ID, "long-polling"),
            '[{"channel":"/meta/connect","clientId":"Un1q31d3nt1f13r","connectionType":"long-polling"}]',
        ),
        (
            requests.subscribe(ID, CHANNELS),
            '[{"channel":"/meta/subscribe","clientId":"Un1q31d3nt1f13r","subscription":["/foo/**","/bar/foo"]}]',
        ),
        (
            requests.unsubscribe(ID, CHANNELS),
            '[{"channel":"/meta/unsubscribe","clientId":"Un1q31d3nt1f13r","subscription":["/foo/**","/bar/foo"]}]',
        ),
        (requests.disconnect(ID), '[{"channel":"/meta/disconnect","clientId":"Un1q31d3nt1f13r"}]'),
    ],
    ids=["handshake", "connect", "subscribe", "unsubscribe", "disconnect"],
)
def test_builders_make_the_examples_byte_for_byte(message: Message, json: str) -> None:
    assert encode([message]).decode() == json


# -- channels


@behaviour("G02")
@pytest.mark.parametrize(
    ("name", "kind"),
    [("/meta/handshake", "meta"), ("/service/chat", "service"), ("/foo/bar", "broadcast"), ("/metal/x", "broadcast")],
)
def test_kinds_of_channels(name: str, kind: str) -> None:
    assert Channel(name).type is ChannelType(kind)


@behaviour("G02")
@pytest.mark.parametrize(
    ("name", "valid", "pattern"),
    [
        ("/foo", True, False),
        ("/foo/bar", True, False),
        ("/foo/*", True, True),
        ("/foo/**", True, True),
        ("/foo/**/biz", False, False),
        ("/foo/*/bar", False, False),
        ("/foo/***", False, False),
        ("foo", False, False),
        ("", False, False),
        # gobayeux takes these for valid, and the last for a pattern.
        ("/", False, False),
        ("//", False, False),
        ("/foo*", False, False),
    ],
)
def test_names_and_patterns(name: str, valid: bool, pattern: bool) -> None:
    assert (Channel(name).is_valid(), Channel(name).has_wildcard()) == (valid, pattern)


@behaviour("G02")
@pytest.mark.parametrize(
    ("pattern", "channel", "matches"),
    [
        ("/foo/bar", "/foo/bar", True),
        ("/foo/bar", "/foo/baz", False),
        ("/foo/*", "/foo/bar", True),
        ("/foo/*", "/foo/bar/baz", False),
        ("/foo/**", "/foo/bar", True),
        ("/foo/**", "/foo/bar/baz", True),
        ("*", "/foo", False),
        ("/foo/***", "/foo/bar", False),
        # gobayeux says otherwise to the first two, and panics at the third.
        ("/foo/*", "/foobar", False),
        ("/foo/**", "/foobar/x", False),
        ("/foo/*", "/foo", False),
    ],
)
def test_what_matches(pattern: str, channel: str, matches: bool) -> None:
    assert Channel(pattern).match(channel) is matches
    assert Channel(pattern).match(Channel(channel)) is matches


# -- messages


@behaviour("G03")
@pytest.mark.parametrize(
    ("text", "code", "args", "message"),
    [
        ("401::No client ID", 401, (), "No client ID"),
        ("402:xj3sjdsjdsjad:Unknown Client ID", 402, ("xj3sjdsjdsjad",), "Unknown Client ID"),
        ("403:xj3sjdsjdsjad,/foo/bar:Subscription denied", 403, ("xj3sjdsjdsjad", "/foo/bar"), "Subscription denied"),
        ("404:/foo/bar:Unknown Channel", 404, ("/foo/bar",), "Unknown Channel"),
        ("4o4:/foo/bar:Broken", None, (), "4o4:/foo/bar:Broken"),
        ("404-/foo/bar-Broken", None, (), "404-/foo/bar-Broken"),
    ],
)
def test_errors_are_taken_apart(text: str, code: int | None, args: tuple[str, ...], message: str) -> None:
    assert Message(channel="/a", error=text).parse_error() == (code, args, message)


@behaviour("G03")
def test_timestamps_are_times_and_ext_is_made_on_demand() -> None:
    message = Message(channel="/a", timestamp="2020-05-01T06:28:51.00")
    assert message.timestamp_as_time() == datetime(2020, 5, 1, 6, 28, 51, tzinfo=UTC)
    assert Message(channel="/a", timestamp="yesterday").timestamp_as_time() is None
    assert message.get_ext() is None
    made = message.get_ext(create=True)
    assert made is not None
    made["token"] = "x"
    assert encode([message]) == b'[{"channel":"/a","ext":{"token":"x"},"timestamp":"2020-05-01T06:28:51.00"}]'


# -- states


@behaviour("G04")
@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], S.UNCONNECTED),
        ([E.HANDSHAKE_SENT], S.CONNECTING),
        ([E.HANDSHAKE_SENT, E.TIMEOUT], S.UNCONNECTED),
        ([E.HANDSHAKE_SENT, E.CONNECTED], S.CONNECTED),
        ([E.HANDSHAKE_SENT, E.CONNECTED, E.CONNECTED], S.CONNECTED),
        ([E.HANDSHAKE_SENT, E.CONNECTED, E.TIMEOUT], S.UNCONNECTED),
        ([E.HANDSHAKE_SENT, E.CONNECTED, E.DISCONNECT_SENT], S.UNCONNECTED),
    ],
)
def test_events_move_the_state_machine(events: list[ConnectionEvent], state: ConnectionState) -> None:
    machine = ConnectionStateMachine()
    for event in events:
        machine.process_event(event)
    assert (machine.current_state, machine.is_connected()) == (state, state is S.CONNECTED)


@behaviour("G04")
@pytest.mark.parametrize(
    ("events", "wrong", "error"),
    [
        ([], E.CONNECTED, ClientStateError),
        ([E.HANDSHAKE_SENT], E.HANDSHAKE_SENT, ClientStateError),
        ([E.HANDSHAKE_SENT, E.CONNECTED], E.HANDSHAKE_SENT, ClientStateError),
        ([], "random", UsageError),
    ],
)
def test_events_out_of_place_are_errors_and_change_nothing(
    events: list[ConnectionEvent], wrong: Any, error: type[Exception]
) -> None:
    machine = ConnectionStateMachine()
    for event in events:
        machine.process_event(event)
    before = machine.current_state
    with pytest.raises(error):
        machine.process_event(wrong)
    assert machine.current_state is before


# -- what builders refuse and remove


@behaviour("G05")
@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: requests.handshake([]), MissingFieldError),
        (lambda: requests.handshake(["long-polling"], version=""), MissingFieldError),
        (lambda: requests.handshake(["long-polling"], version="a.0"), UsageError),
        (lambda: requests.handshake(["long-polling"], minimum_version=".9"), UsageError),
        (lambda: requests.handshake(["not a name"]), UsageError),
        (lambda: requests.connect("", "long-polling"), MissingFieldError),
        (lambda: requests.connect(ID, ""), MissingFieldError),
        (lambda: requests.subscribe("", "/a"), MissingFieldError),
        (lambda: requests.subscribe(ID, []), MissingFieldError),
        (lambda: requests.subscribe(ID, ["/a", "/foo/*/bar"]), InvalidChannelError),
        (lambda: requests.unsubscribe("", "/a"), MissingFieldError),
        (lambda: requests.unsubscribe(ID, []), MissingFieldError),
        (lambda: requests.unsubscribe(ID, "/foo/*/bar"), InvalidChannelError),
        (lambda: requests.disconnect(""), MissingFieldError),
    ],
)
def test_builders_refuse_what_no_server_takes(build: Callable[[], Message], error: type[Exception]) -> None:
    with pytest.raises(error):
        build()


@behaviour("G05")
def test_builders_remove_what_is_there_twice() -> None:
    types = [ConnectionType.IFRAME, "long-polling", "iframe"]
    assert requests.handshake(types).supported_connection_types == ["iframe", "long-polling"]
    assert requests.subscribe(ID, ["/b", "/a", "/b", "/a/"]).subscription == ["/b", "/a"]
    assert requests.unsubscribe(ID, ["/a", "/a"]).subscription == "/a"


# -- options


@behaviour("G06")
@pytest.mark.parametrize("kind", [AsyncClient, BayeuxClient])
@in_virtual_time
async def test_options_that_are_none_are_the_defaults(kind: type[AsyncClient | BayeuxClient]) -> None:
    none = [name for name, each in inspect.signature(kind).parameters.items() if each.default is None]
    assert {"http", "auth", "headers", "logger", "transports"} <= set(none)
    given: dict[str, Any] = dict.fromkeys(none)
    for options in ({}, given):
        client = kind("http://fake/cometd", extensions=[FakeServer(hold=0)], discover=False, **options)
        assert client.url == "http://fake/cometd"
        if isinstance(client, AsyncClient):
            await client.start()
        else:
            await client.handshake()
        assert client.client_id == "session-1"
        await client.close()


@behaviour("G06")
@in_virtual_time
async def test_failures_go_to_the_default_logger(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer()
    server.fail(TransportError("refused"))
    with caplog.at_level(logging.WARNING, logger="pybayeux"):
        async with make_client(server, logger=None):
            pass
    assert [record.name for record in caplog.records] == ["pybayeux"]


# -- the second version's own


@behaviour("G07")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_subscriptions_travel_as_strings(target: Target) -> None:
    traffic = Traffic()
    names = ["/conformance/string/a", "/conformance/string/b"]
    async with target.client(traffic) as client:
        for name in names:
            await client.subscribe(name)
    async with target.low_client(traffic) as bayeux:
        await bayeux.handshake()
        await bayeux.subscribe([*names, names[0]])
        assert await target.subscribed(bayeux.client_id) == names
        await bayeux.disconnect()
    assert [message.subscription for message in traffic.asked("/meta/subscribe")] == [*names, *names]


@behaviour("G07", where="client in virtual time")
@in_virtual_time
async def test_ignored_errors_are_not_told_and_not_the_end() -> None:
    denied = {"advice": Advice(reconnect="none")}
    server, witness = FakeServer(), Witness()
    server.refuse_next("/meta/handshake", "403::denied", **denied)
    with pytest.raises(SessionEndedError):
        await make_client(server, witness).start()
    assert [type(error) for error in witness.errors] == [SessionEndedError]
    seen: list[BaseException] = []

    def ignore(error: BaseException) -> bool:
        seen.append(error)
        return True

    server, witness = FakeServer(), Witness()
    server.refuse_next("/meta/handshake", "403::denied", **denied)
    async with make_client(server, witness, ignore_error=ignore) as client:
        assert client.state == "connected"
    assert witness.errors == []
    assert {type(error) for error in seen} == {SessionEndedError}


@behaviour("G07")
@on("cometd", "faye", "cometd-node", "devserver")
@in_loop
async def test_calls_can_be_given_up(target: Target) -> None:
    async with target.client() as client:
        before = client.client_id
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await client.wait_for("unconnected")
        for call in (client.subscribe("/conformance/context"), client.publish("/conformance/context", 1)):
            task = asyncio.ensure_future(awaited(call))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
        async with client.subscribe("/conformance/context") as events:
            await client.publish("/conformance/context", 2)
            assert (await anext(events)).data == 2
        assert client.client_id == before


async def awaited(call: Any) -> Any:
    return await call


@behaviour("G07")
@in_loop
async def test_errors_show_the_body_of_a_bad_answer() -> None:
    answers = iter([httpx.Response(503, text="busy until noon"), httpx.Response(200, text="<html>Welcome</html>")])
    server = httpx.MockTransport(lambda request: next(answers))
    async with httpx.AsyncClient(transport=server) as http:
        client = BayeuxClient("http://fake/cometd", discover=False, http=http)
        with pytest.raises(TransportError) as unavailable:
            await client.handshake()
        with pytest.raises(MessageDecodeError) as welcome:
            await client.handshake()
        await client.close()
    assert (unavailable.value.status, unavailable.value.body) == (503, "busy until noon")
    assert welcome.value.received == "<html>Welcome</html>"
