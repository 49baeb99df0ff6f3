from __future__ import annotations

from typing import Any

import pytest

from pybayeux_devserver.toolkit import Sockets
from pybayeux_salesforce_emulator.faults.faults import OrgFaults

CONNECT: Any = [{"channel": "/meta/connect", "clientId": "abc"}]
SUBSCRIBE: Any = [{"channel": "/meta/subscribe", "clientId": "abc"}]
EVENT: Any = [{"channel": "/event/X__e", "data": {}}]
STREAMING = "/cometd/67.0"


def _faults(kind: str = "reply-eof", n: int = 1, **where: Any) -> OrgFaults:
    faults = OrgFaults(Sockets())
    faults.plan(kind, n, **where)
    return faults


def _strikes(faults: OrgFaults, asked: Any = CONNECT, answered: Any = (), path: str = STREAMING) -> bool:
    return faults.for_reply(path, asked, answered) is not None


def test_plan_is_counted() -> None:
    faults = _faults(n=2)
    assert [_strikes(faults) for _ in range(3)] == [True, True, False]


def test_plan_selects_requests() -> None:
    faults = _faults(channel="/meta/connect", client_id="abc", with_events=True)
    assert not _strikes(faults, SUBSCRIBE, EVENT)
    assert not _strikes(faults, [{"channel": "/meta/connect", "clientId": "other"}], EVENT)
    assert not _strikes(faults, CONNECT, [])
    assert _strikes(faults, CONNECT, EVENT)


def test_plan_selects_paths() -> None:
    faults = _faults(path="/services/oauth2/token")
    assert not _strikes(faults)
    assert _strikes(faults, (), (), "/services/oauth2/token")


def test_faults_before_and_after_handling() -> None:
    faults = _faults("http-503", with_events=True)
    assert not _strikes(faults)
    fault = faults.for_request(STREAMING, CONNECT)
    assert fault is not None
    assert (fault.name, fault.status) == ("http-503", 503)
    assert faults.for_request(STREAMING, CONNECT) is None


def test_clear_cancels_all_plans() -> None:
    faults = _faults(n=9)
    faults.clear()
    assert not _strikes(faults)


@pytest.mark.parametrize(
    ("kind", "parameters", "error", "why"),
    [
        ("earthquake", {}, LookupError, "reply-eof"),
        ("slow-body", {"minutes": 1}, TypeError, "minutes"),
        ("reply-eof", {"seconds": 1}, TypeError, "seconds"),
        ("http-503", {"seconds": 1}, TypeError, "seconds"),
        ("interval-500", {"seconds": 1}, TypeError, "seconds"),
    ],
)
def test_unknown_kinds_and_parameters_are_refused(kind: str, parameters: Any, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        _faults(kind, **parameters)
