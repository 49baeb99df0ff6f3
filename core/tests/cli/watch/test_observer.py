from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from core.tests.cli.watch.clients import StillClient, observer_at
from pybayeux import AsyncClient, BayeuxError, ConnectionState, ExtensionStatus, Message, decode, encode
from pybayeux.cli.watch.snapshot import ChannelFigures, Snapshot
from pybayeux.extensions.candidates import State
from pybayeux.extensions.tracing import Step

if TYPE_CHECKING:
    from pybayeux.cli.watch.observer import Observer

S = ConnectionState


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def observer(clock: Clock) -> Observer:
    return observer_at(clock)


def register(observer: Observer, **attributes: Any) -> StillClient:
    client = StillClient(**attributes)
    observer.registered(cast(AsyncClient, client))
    return client


def receive(observer: Observer, channel: str, data: Any, **members: Any) -> None:
    [message] = decode(encode([Message(channel=channel, data=data, **members)]))
    observer.incoming(message)


def test_without_a_client_there_is_nothing(observer: Observer) -> None:
    snapshot = observer.snapshot()
    assert (snapshot.state, snapshot.ready, snapshot.health, snapshot.url) == ("disconnected", False, "not started", "")
    assert (snapshot.channels, snapshot.extensions, snapshot.recent, snapshot.lag) == ([], [], [], None)


def test_sessions_and_reconnects_are_counted(observer: Observer, clock: Clock) -> None:
    register(observer)
    states = [S.DISCONNECTED, S.HANDSHAKING, S.HANDSHAKEN, S.CONNECTING, S.CONNECTED, S.UNCONNECTED, S.CONNECTED]
    states += [S.REHANDSHAKING, S.HANDSHAKEN, S.CONNECTING, S.CONNECTED]
    for old, new in pairwise(states):
        observer.state_changed(old, new)
    clock.now += 7
    snapshot = observer.snapshot()
    assert (snapshot.sessions, snapshot.reconnects, snapshot.connected_seconds) == (2, 2, 7)
    assert snapshot.happenings[0].text == "connecting -> connected"
    assert (snapshot.url, snapshot.transport) == ("http://host/cometd", "websocket")
    observer.state_changed(S.CONNECTED, S.UNCONNECTED)
    assert observer.snapshot().connected_seconds is None


def test_failures_are_counted_and_shown_without_secrets(observer: Observer) -> None:
    observer.failed(BayeuxError("no secret"))
    snapshot = observer.snapshot()
    assert (snapshot.failures, snapshot.happenings[0].text) == (1, "no ***")


def test_events_are_counted_by_channel(observer: Observer, clock: Clock) -> None:
    receive(observer, "/a", {"event": {"replayId": 7, "createdDate": "1970-01-12T13:46:39.5Z"}})
    clock.now += 1
    receive(observer, "/b", 1)
    receive(observer, "/a", {"event": {"replayId": 8}})
    snapshot = observer.snapshot()
    assert snapshot.channels == [
        ChannelFigures(channel="/a", events=2, per_second=2, lag_ms=None, position=8),
        ChannelFigures(channel="/b", events=1, per_second=1, lag_ms=None, position=None),
    ]
    assert snapshot.events == snapshot.per_second == snapshot.per_second_minute == 3
    assert snapshot.lag is not None
    assert (snapshot.lag.last_ms, snapshot.lag.median_ms, snapshot.lag.highest_ms) == (500, 500, 500)
    assert [each.channel for each in snapshot.recent] == ["/a", "/b", "/a"]
    assert observer.has_event.is_set()


def test_replies_are_no_events(observer: Observer) -> None:
    observer.incoming(Message(channel="/meta/connect", successful=True))
    observer.incoming(Message(channel="/a", successful=True))
    assert observer.snapshot().events == 0
    assert not observer.has_event.is_set()


def test_data_of_events_is_cut_and_may_be_anything(observer: Observer) -> None:
    receive(observer, "/a", "x" * 5000)
    observer.incoming(Message(channel="/a", data=object()))
    observer.incoming(Message(channel="/a"))
    assert [each.data for each in observer.snapshot().recent] == ["", "(object)", f'"{"x" * 499}…']


def test_what_is_kept_is_bounded(observer: Observer) -> None:
    for number in range(1500):
        receive(observer, f"/{number}", number)
        observer.failed(BayeuxError("again"))
    snapshot = observer.snapshot()
    assert len(snapshot.channels) == 1001
    assert snapshot.channels[-1].channel == "(other channels)"
    assert sum(each.events for each in snapshot.channels) == snapshot.events == snapshot.failures == 1500
    assert len(snapshot.recent) == len(snapshot.happenings) == 100


def test_what_extensions_cost_and_do(observer: Observer) -> None:
    own = [ExtensionStatus(name, None, None, State.ACTIVE) for name in ("watch", "command-line")]
    acting = ExtensionStatus("ack", "pybayeux-ack", "1.0", State.ACTIVE, order=1)
    left_out = ExtensionStatus("auth", "pybayeux-auth", "1.0", State.NOT_CONFIGURED, "no secret")
    register(observer, extensions=(*own, acting, left_out))
    observer.step(Step("ack", "incoming", "/meta/connect", 1500))
    observer.step(Step("ack", "outgoing", "/a", 500, dropped="a secret"))
    observer.step(Step("ack", "outgoing", "/b", 1000, error="ValueError: 7"))
    observer.step(Step("ack", "incoming", "/c", 1000))
    observer.step(Step("watch", "incoming", "/c", 1000))
    ack, auth = observer.snapshot().extensions
    assert (ack.name, ack.version, ack.state, ack.calls, ack.total_ms) == ("ack", "1.0", "active", 4, 4)
    assert (ack.changes, ack.dropped, ack.errors, ack.last) == (0, 1, 1, "outgoing /b: raised ValueError: 7")
    assert (auth.state, auth.reason, auth.calls) == ("not configured", "no ***", 0)


def test_a_snapshot_is_json(observer: Observer) -> None:
    register(observer)
    receive(observer, "/a", 1)
    snapshot = observer.snapshot()
    assert msgspec.json.decode(msgspec.json.encode(snapshot), type=Snapshot) == snapshot
