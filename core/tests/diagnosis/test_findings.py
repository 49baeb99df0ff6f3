from __future__ import annotations

import asyncio
import socket
import ssl
from email.utils import formatdate
from time import time
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.diagnosis.stand_in import StandIn, examined
from pybayeux.errors import MessageDecodeError, MessageDropped, TransportError

if TYPE_CHECKING:
    from pybayeux.diagnosis import Report


def _examined(server: StandIn, **settings: Any) -> Report:
    return asyncio.run(examined(server, **settings))


def _by_polling(server: StandIn) -> Report:
    return _examined(server, transports=["long-polling"])


def _network(cause: Exception) -> TransportError:
    error = TransportError("ConnectError: no", unsent=True)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("error", ["402::session_unknown", "401:client-id:Unknown client", "403::Unknown client"])
def test_a_session_that_is_lost_at_once(error: str, server: StandIn) -> None:
    server.changed["/meta/connect"] = {"successful": False, "error": error}
    [problem] = _by_polling(server).problems
    assert problem.what.startswith(f"the server answers {error[:3]} to the first connect by long-polling")
    assert "it set no cookie" in problem.what
    assert "Set-Cookie" in problem.remedy
    server.headers = [("Set-Cookie", "BAYEUX_BROWSER=secret")]
    [problem] = _by_polling(server).problems
    assert "it did not get its cookie (BAYEUX_BROWSER) back: a proxy may strip the header Cookie" in problem.remedy
    assert "secret" not in f"{problem}"


@pytest.mark.parametrize(
    ("error", "words", "remedy"),
    [
        (TransportError("HTTP 401", status=401), "answers 401 to the handshake", "send credentials"),
        (TransportError("HTTP 404", status=404), "no Bayeux server at this path", "/cometd"),
        (TransportError("HTTP 302", status=302), "redirects", "use the address"),
        (TransportError("HTTP 503", status=503), "it has an error", "the server's operator"),
        (TransportError("HTTP 418", status=418), "answers 418", "check the path"),
        (TransportError("an empty answer (HTTP 200)", status=200), "is not Bayeux", "another service"),
        (MessageDecodeError("not JSON", "<html>"), "is not Bayeux: not JSON", "login page"),
        (_network(ssl.SSLError("bad")), "no secure connection", "certificate"),
        (_network(socket.gaierror("unknown")), "the host name is unknown", "VPN"),
        (_network(ConnectionRefusedError()), "nothing listens there", "port"),
        (_network(OSError("no route")), "the server cannot be reached", "firewall"),
        (RuntimeError("odd"), "the handshake by long-polling failed: RuntimeError: odd", ""),
        (MessageDropped("no", "strict"), "was not sent: 404::message_deleted", "-p no:strict"),
    ],
)
def test_what_fails_has_a_remedy(error: Exception, words: str, remedy: str, server: StandIn) -> None:
    server.changed["/meta/handshake"] = error
    [problem] = _by_polling(server).problems
    assert words in problem.what
    assert remedy in problem.remedy


@pytest.mark.parametrize(
    ("error", "remedy"), [("403::Handshake denied", "credentials"), ("400::bad", "documentation"), (None, "operator")]
)
def test_a_refused_handshake(error: str | None, remedy: str, server: StandIn) -> None:
    server.changed["/meta/handshake"] = {"successful": False} | ({} if error is None else {"error": error})
    [problem] = _by_polling(server).problems
    assert "refuses the handshake by long-polling: " in problem.what
    assert remedy in problem.remedy


def test_a_websocket_that_does_not_get_through(server: StandIn) -> None:
    server.unreachable["websocket"] = TransportError("no WebSocket upgrade: HTTP 400", unavailable=True, unsent=True)
    report = _examined(server)
    [problem] = report.problems
    assert problem.what == "the server offers websocket, but it does not work: no WebSocket upgrade: HTTP 400"
    assert "load balancer" in problem.remedy
    assert [each.works for each in report.transports] == [True, None, False]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TransportError("HTTP 401", status=401), "answers 401 to the handshake by websocket"),
        (ImportError("no websockets"), "the handshake by websocket failed: ImportError: no websockets"),
    ],
)
def test_a_websocket_that_fails_for_another_reason(error: Exception, words: str, server: StandIn) -> None:
    server.unreachable["websocket"] = error
    [problem] = _examined(server).problems
    assert words in problem.what
    assert "load balancer" not in problem.remedy


def test_no_transport_in_common(server: StandIn) -> None:
    server.offered = ["eventsource"]
    [problem] = _by_polling(server).problems
    assert problem.what == "the server does not offer long-polling; it offers eventsource"


def test_a_transport_that_is_not_offered_is_no_problem_where_another_works(server: StandIn) -> None:
    server.offered = ["callback-polling"]
    report = _examined(server)
    assert report.problems == []
    assert {each.name: (each.works, each.offered) for each in report.transports}["long-polling"] == (False, False)


@pytest.mark.parametrize(
    ("advice", "words"),
    [
        ({"hosts": ["other.example"]}, "advises other hosts: other.example"),
        ({"interval": 50}, "asks for 50 ms between connects"),
        ({"timeout": 110_000}, "holds a connect for 110 seconds"),
        ({"maxInterval": 2000}, "silent for 2 seconds"),
    ],
)
def test_advice_that_is_worth_knowing(advice: dict[str, Any], words: str, server: StandIn) -> None:
    server.advice |= advice
    report = _by_polling(server)
    assert report.problems == []
    assert words in report.notes[0].what


@pytest.mark.parametrize(("off", "problems", "notes"), [(0, 0, 0), (20, 0, 1), (-3600, 1, 0)])
def test_a_clock_that_is_wrong(off: int, problems: int, notes: int, server: StandIn) -> None:
    server.headers = [("Date", formatdate(time() + off, usegmt=True))]
    report = _by_polling(server)
    assert (len(report.problems), len(report.notes)) == (problems, notes)
    assert report.clock is not None
    assert abs(report.clock.offset_ms - off * 1000) <= report.clock.accuracy_ms + 500
    assert report.clock.source == "Date"
