from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient
from pybayeux import Channel
from pybayeux_devserver.protocol.errors import Refused
from pybayeux_devserver.protocol.replay_log import ReplayLog, stamped


def _filled(count: int = 5, retention: int = 100) -> tuple[ReplayLog, list[int]]:
    log = ReplayLog(["/**"], retention=retention, seed=0)
    ids = [log.next_id() for _ in range(count)]
    for number, replay_id in enumerate(ids):
        log.append(replay_id, {"channel": "/a", "data": number})
    return log, ids


def _replayed(log: ReplayLog, channel: str, position: Any) -> list[Any]:
    points = log.starting_points({"ext": {"replay": {channel: position}}}, [Channel(channel)])
    return [event["data"] for event in log.since(points)]


def test_ids_rise_with_gaps_and_depend_on_the_seed() -> None:
    _, ids = _filled(50)
    assert ids == sorted(set(ids))
    assert any(later - earlier > 1 for earlier, later in pairwise(ids))
    assert ids == _filled(50)[1]


def test_positions() -> None:
    log, ids = _filled()
    assert _replayed(log, "/a", -1) == []
    assert _replayed(log, "/a", -2) == [0, 1, 2, 3, 4]
    assert _replayed(log, "/a", ids[1]) == [2, 3, 4]
    assert _replayed(log, "/a", ids[4]) == []


def test_a_pattern_replays_every_channel_it_covers_once() -> None:
    log, ids = _filled()
    log.append(log.next_id(), {"channel": "/b", "data": "b"})
    points = log.starting_points({"ext": {"replay": {"/**": -2, "/*": ids[3]}}}, [Channel("/**"), Channel("/*")])
    assert [event["data"] for event in log.since(points)] == [0, 1, 2, 3, 4, "b"]
    assert _replayed(log, "/b", -2) == ["b"]


@pytest.mark.parametrize("position", [1_000_000, 0, -3])
def test_id_that_was_never_used_is_invalid(position: int) -> None:
    log, _ = _filled()
    with pytest.raises(Refused, match=rf"^400::The replayId \{{{position}\}} you provided was invalid\."):
        _replayed(log, "/a", position)


def test_an_id_of_another_channel_is_invalid() -> None:
    log, ids = _filled()
    with pytest.raises(Refused, match="invalid"):
        _replayed(log, "/b", ids[0])


def test_id_of_a_removed_event_is_invalid() -> None:
    log, ids = _filled(5, retention=2)
    assert _replayed(log, "/a", -2) == [3, 4]
    assert _replayed(log, "/a", ids[3]) == [4]
    with pytest.raises(Refused, match="invalid"):
        _replayed(log, "/a", ids[2])


@pytest.mark.parametrize("positions", [{}, {"/b": 1}, {"/a": None}, {"/a": "7"}, {"/a": True}, 7, None])
def test_a_channel_without_an_integer_is_refused(positions: Any) -> None:
    log, _ = _filled()
    with pytest.raises(Refused, match=r"^400::The replayId for channel \{/a\} wasn't found"):
        log.starting_points({"ext": {"replay": positions}}, [Channel("/a")])


@pytest.mark.parametrize("message", [{}, {"ext": None}, {"ext": {"other": 1}}])
def test_without_positions_only_new_events(message: dict[str, Any]) -> None:
    log, _ = _filled()
    assert log.since(log.starting_points(message, [Channel("/a")])) == []


def test_a_server_without_a_log_ignores_positions() -> None:
    log = ReplayLog([], retention=10, seed=0)
    assert not log.enabled
    assert _replayed(log, "/a", 12) == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"n": 1}, {"n": 1, "event": {"createdDate": "2017-07-14T02:40:00.250Z", "replayId": 5}}),
        ({"event": {"createdDate": "then", "replayId": 1}}, {"event": {"createdDate": "then", "replayId": 5}}),
        ({"event": "mine"}, {"event": "mine"}),
        ([1], [1]),
        (None, None),
    ],
)
def test_stamped(data: Any, expected: Any) -> None:
    assert stamped(data, 5, 1_500_000_000.25) == expected


def test_stamped_does_not_change_its_argument() -> None:
    data = {"event": {"type": "created"}}
    stamped(data, 5, 0)
    assert data == {"event": {"type": "created"}}


def test_late_subscriber_receives_old_and_new_events() -> None:
    client = EngineClient().join()
    ids = [client.engine.publish("/orders", {"n": number}) for number in range(3)]
    client.ask("/meta/subscribe", subscription="/orders", ext={"replay": {"/orders": ids[0]}})
    client = EngineClient(client.engine).join()
    client.send(client.message("/meta/subscribe", subscription="/orders", ext={"replay": {"/orders": ids[0]}}))
    ids.append(client.engine.publish("/orders", {"n": 3}))
    events = client.events()
    assert [(event["n"], event["event"]["replayId"]) for event in events] == [(3, ids[3])]


def test_replayed_events_are_delivered_with_the_reply_or_a_connect() -> None:
    client = EngineClient(connect_only=True).join()
    client.engine.publish("/orders", 1)
    subscribe = client.message("/meta/subscribe", subscription="/orders", ext={"replay": {"/orders": -2}})
    assert client.send(subscribe) == [{"channel": "/meta/subscribe", "successful": True, "subscription": "/orders"}]
    assert client.events() == [1]


def test_a_refused_position_subscribes_to_nothing() -> None:
    client = EngineClient().join()
    reply = client.ask("/meta/subscribe", subscription=["/a", "/b"], ext={"replay": {"/a": -1, "/b": 99}})
    assert reply["error"].startswith("400::The replayId {99} you provided was invalid.")
    client.engine.publish("/a", 1)
    assert client.events() == []


def test_only_chosen_channels_are_logged() -> None:
    client = EngineClient(replay=("/event/**",)).join("/event/a", "/plain")
    assert client.engine.publish("/plain", {}) is None
    assert client.engine.publish("/event/a", {}) is not None
    assert ["event" in data for data in client.events()] == [False, True]


def test_handshake_announces_replay() -> None:
    assert EngineClient().handshake()["ext"] == {"replay": True}
    assert "ext" not in EngineClient(replay=False).handshake()


def test_a_publisher_may_choose_the_id() -> None:
    client = EngineClient()
    assert client.engine.publish("/orders", {"n": 1}, replay_id=4711) == 4711
    following = client.engine.publish("/orders", {"n": 2})
    assert following is not None
    assert following > 4711
    with pytest.raises(ValueError, match=f"replay_id: expected more than {following}, the last one; got 4711"):
        client.engine.publish("/orders", {"n": 3}, replay_id=4711)


def test_a_chosen_id_is_of_no_use_without_a_log() -> None:
    assert EngineClient(replay=False).engine.publish("/orders", {}, replay_id=4711) is None
