from __future__ import annotations

from typing import Any

import pytest

from pybayeux_devserver.toolkit import RecordedRequest
from pybayeux_salesforce_emulator import oracles
from pybayeux_salesforce_emulator.events.bus import PublishedEvent
from pybayeux_salesforce_emulator.org.logins import Login

UNKNOWN = {"channel": "/meta/connect", "error": "403::Unknown client", "successful": False}
DEAD = {"channel": "/meta/connect", "error": "401::Authentication invalid", "successful": False}
BUSY = {**DEAD, "ext": {"sfdc": {"failureReason": "503::Server is too busy."}}}
WELL = {"channel": "/meta/connect", "successful": True}
SHAKEN = {"channel": "/meta/handshake", "clientId": "b", "successful": True}
ORDERS = "/event/Order__e"


def _request(
    time: float,
    *replies: Any,
    channel: str = "/meta/connect",
    client: str | None = "a",
    answered: float | None = -1,
    token: str | None = "T",
    jar: str = "jar",
    **members: Any,
) -> RecordedRequest:
    message: Any = {"channel": channel, **members.pop("message", {})}
    if client is not None:
        message["clientId"] = client
    headers = {"cookie": f"BAYEUX_BROWSER={jar}"} | ({} if token is None else {"authorization": f"Bearer {token}"})
    return RecordedRequest(
        members.pop("path", "/cometd/67.0"),
        headers,
        [message],
        status=members.pop("status", 200),
        replies=replies or (WELL,),
        time=time,
        answered=time + 0.5 if answered == -1 else answered,
        **members,
    )


def _login(time: float) -> RecordedRequest:
    return RecordedRequest("/services/oauth2/token", {}, [], status=200, time=time, answered=time + 0.1)


def _handshake(time: float, reply: Any = SHAKEN, **members: Any) -> RecordedRequest:
    return _request(time, reply, channel="/meta/handshake", client=None, **members)


@pytest.mark.parametrize(
    ("requests", "count"),
    [
        ([_request(0, answered=10), _request(10)], 0),
        ([_request(0, answered=10), _request(9)], 1),
        ([_request(0, answered=None), _request(9)], 1),
        ([_request(0, answered=10), _request(9, client="b")], 0),
        ([_request(0, answered=10), _request(9, channel="/meta/subscribe")], 0),
    ],
)
def test_one_connect_at_a_time(requests: list[RecordedRequest], count: int) -> None:
    assert len(oracles.one_connect_at_a_time(requests)) == count


@pytest.mark.parametrize(
    ("requests", "starts", "count"),
    [
        ([_login(0), _request(1)], (), 0),
        ([_request(1, UNKNOWN), _login(2)], (), 1),
        ([_request(1, UNKNOWN), _handshake(2), _login(3)], (), 0),
        ([_request(1, UNKNOWN), _handshake(2, {**DEAD, "channel": "/meta/handshake"}), _login(3)], (), 0),
        ([_request(1, UNKNOWN), _login(3)], (2,), 0),
        ([_request(1, UNKNOWN), _login(3), _request(4, UNKNOWN), _login(5)], (2,), 1),
        ([_request(1, DEAD), _login(2)], (), 0),
        ([_request(1, UNKNOWN, answered=4), _login(2)], (), 0),
    ],
)
def test_no_login_after_an_unknown_client(requests: list[RecordedRequest], starts: Any, count: int) -> None:
    assert len(oracles.no_login_after_unknown_client(requests, starts=starts)) == count


@pytest.mark.parametrize(
    ("subscription", "positions", "count"),
    [
        (ORDERS, {ORDERS: 1}, 0),
        (ORDERS, None, 0),
        ("/topic/T?a=b", {"/topic/T": 1}, 0),
        ("/topic/T?a=b", {"/topic/T?a=b": 1}, 1),
        (ORDERS, {ORDERS: 1, "/u/News": 2}, 1),
    ],
)
def test_own_replay_key_alone(subscription: str, positions: Any, count: int) -> None:
    message = {"subscription": subscription, "ext": {"replay": positions}}
    requests = [_request(0, channel="/meta/subscribe", message=message), _request(1)]
    assert len(oracles.own_replay_key_alone(requests)) == count


@pytest.mark.parametrize(
    ("requests", "count"),
    [
        ([_request(0), _request(1, token="U")], 0),
        ([_request(0, token=None)], 1),
        ([_request(0, DEAD), _request(1)], 1),
        ([_request(0, DEAD), _request(1, token="U")], 0),
        ([_request(0, DEAD, answered=2), _request(1)], 0),
        ([_request(0, BUSY), _request(1)], 0),
        ([_login(0)], 0),
    ],
)
def test_authorization_is_fresh(requests: list[RecordedRequest], count: int) -> None:
    assert len(oracles.authorization_is_fresh(requests)) == count


@pytest.mark.parametrize(
    ("requests", "count"),
    [
        ([_request(0), _handshake(1), _request(2, client="b")], 0),
        ([_request(0), _handshake(1), _request(2)], 1),
        ([_request(0), _handshake(1), _request(2, channel="/meta/disconnect")], 0),
        ([_request(0), _request(1, client="b"), _request(2)], 1),
        ([_request(0), _request(1, client="b", jar="other"), _request(2)], 0),
        ([_request(0), _request(1, jar="other")], 1),
        ([RecordedRequest("/cometd/67.0", {}, [{"clientId": "a"}])], 0),
    ],
)
def test_jars_are_isolated(requests: list[RecordedRequest], count: int) -> None:
    assert len(oracles.jars_are_isolated(requests)) == count


@pytest.mark.parametrize(
    ("requests", "count"),
    [
        ([_request(0), _request(40)], 0),
        ([_request(0), _request(41)], 1),
        ([_request(0, UNKNOWN), _request(41)], 0),
        ([_request(0, fault="hang"), _request(100)], 0),
        ([_request(0, status=None), _request(100)], 0),
        ([_request(0, {"channel": "/meta/disconnect"}), _request(100)], 0),
        ([_request(0, answered=110), _request(120)], 0),
        ([_request(0), _login(50)], 0),
    ],
)
def test_connects_come_in_time(requests: list[RecordedRequest], count: int) -> None:
    assert len(oracles.connects_come_in_time(requests)) == count


def test_requests_are_small() -> None:
    requests = [_request(0, body=b"x" * 32_768), _request(1, body=b"x" * 32_769)]
    assert oracles.requests_are_small(requests) == ["request at 1.000 has 32769 bytes"]


def test_violations_applies_all_rules() -> None:
    assert oracles.violations([_request(0), _request(1)]) == {}
    assert set(oracles.violations([_request(0, UNKNOWN, answered=3), _request(1, DEAD, token=None), _login(5)])) == {
        "one connect at a time",
        "authorization is new_cookies",
        "no login after an unknown client",
    }


def _attempt(way: str = "password", error: str | None = "no", username: str = "me") -> Login:
    return Login(0, way, username, "app", error)


@pytest.mark.parametrize(
    ("history", "count"),
    [
        ([_attempt()] * 2, 0),
        ([_attempt()] * 3, 1),
        ([_attempt(), _attempt("soap"), _attempt()], 1),
        ([_attempt(), _attempt(), _attempt(error=None), _attempt()], 0),
        ([_attempt("client_credentials")] * 9, 0),
        ([_attempt(), _attempt(), _attempt(username="you")], 0),
    ],
)
def test_nobody_is_locked_out(history: list[Login], count: int) -> None:
    assert len(oracles.nobody_is_locked_out(history, lock_after=3)) == count


PUBLISHED = {ORDERS: [PublishedEvent(replay_id, f"u{replay_id}", {}, 0.0) for replay_id in (3, 7, 9)]}


@pytest.mark.parametrize(
    ("handled", "violations"),
    [
        ([3, 7, 9], []),
        ([3, 7, 3, 7, 9], []),
        ([3, 9], [f"{ORDERS}: 7 was not handled"]),
        ([3, 9, 7], [f"{ORDERS}: 7 was handled after 9"]),
        ([3, 7, 9, 11], [f"{ORDERS}: 11 was never published"]),
    ],
)
def test_every_event_is_handled(handled: list[int], violations: list[str]) -> None:
    assert oracles.every_event_is_handled(PUBLISHED, [(ORDERS, mark) for mark in handled]) == violations


def test_key_of_an_event_may_be_chosen() -> None:
    handled = [(ORDERS, f"u{replay_id}") for replay_id in (3, 7, 9)]
    assert oracles.every_event_is_handled(PUBLISHED, handled, key=lambda event: event.uuid) == []


def test_nothing_is_handled_twice() -> None:
    handled = [(ORDERS, 3), (ORDERS, 7), (ORDERS, 3), ("/u/News", 3)]
    assert oracles.nothing_is_handled_twice(handled) == [f"{ORDERS}: 3 was handled 2 times"]


def test_the_backoff_curve() -> None:
    denied = {"channel": "/meta/handshake", "error": "403::Handshake denied"}
    requests = [
        _request(0),
        _handshake(1, denied, answered=1),
        _handshake(2, BUSY, answered=2),
        _request(4, status=503, answered=4),
        _login(5),
        _request(8, answered=8),
        _request(9, status=None, answered=9),
        _request(10, answered=10),
        _request(11, status=500, answered=11),
    ]
    assert oracles.backoff_curve(requests) == [[1, 2, 4], [1]]
    assert oracles.backoff_curve(requests[-2:]) == []
    assert oracles.backoff_curve([*requests[-1:], _request(13, status=500)]) == [[2]]
