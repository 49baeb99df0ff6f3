"""Findings: problems and notes as text, with what to do about them. Reads a report; sends nothing."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any, Final

from ..channel import Channel
from ..errors import (
    ExchangeTimeoutError,
    ExtensionError,
    MessageDecodeError,
    MessageDropped,
    ReplyError,
    TransportError,
)
from ..state import ConnectionType
from .effects import FAULTY
from .report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .probing import Probe
    from .report import Report

__all__ = ("Findings",)

_SLOW: Final = 1000.0
_LONG_HOLD: Final = 60_000
_SHORT_LIFE: Final = 5_000
_CLOCK_WRONG: Final = 60_000.0
_CLOCK_OFF: Final = 5_000.0

_CREDENTIALS: Final = (
    "send credentials with -H 'Authorization: Bearer ...' or an extension such as pybayeux-auth; "
    "if you did, they are wrong or have expired"
)
_PATH: Final = "check the path: common ones are /cometd, /bayeux and /faye, and /cometd/61.0 at Salesforce"
_TROUBLE: Final = "ask the server's operator; if there is a proxy in front of it, check whether the proxy reaches it"
_STATUSES: Final = {
    401: ("it requires credentials", _CREDENTIALS),
    403: ("it refuses these credentials, or requires some", _CREDENTIALS),
    404: ("there is no Bayeux server at this path", _PATH),
    405: ("there is no Bayeux server at this path", _PATH),
    407: ("a proxy requires credentials", "put them into the address in the variable HTTP_PROXY or HTTPS_PROXY"),
    410: ("there is no longer a Bayeux server at this path", _PATH),
    429: ("it has had too many requests", "wait, and check what else uses the same account or address"),
}


class Findings:
    """Adds problems and notes to a report.

    Args:
        report: The report to read and to add to.
        probes: The probes of the transports.
    """

    def __init__(self, report: Report, probes: Sequence[Probe]) -> None:
        self._report: Final = report
        self._probes: Final = probes

    def add_problem(self, what: str, remedy: str = "") -> None:
        """Add something that is wrong."""
        if (finding := Finding(what, remedy)) not in self._report.problems:
            self._report.problems.append(finding)

    def add_note(self, what: str, remedy: str = "") -> None:
        """Add something that is worth knowing."""
        self._report.notes.append(Finding(what, remedy))

    def gather(self) -> None:
        """Add all findings."""
        works = any(each.works for each in self._report.transports)
        for probe in self._probes:
            if probe.error is not None:
                self._judge_failure(probe, probe.error, works=works)
        self._judge_advice()
        self._judge_clock()
        for extension in self._report.extensions:
            if extension.state in FAULTY:
                self.add_problem(
                    f"extension {extension.name!r} is {extension.state}: {extension.detail}",
                    f"fix it, or leave it out with -p no:{extension.name}",
                )
        self._judge_speed()

    # -- failures

    def _judge_failure(self, probe: Probe, error: Exception, *, works: bool) -> None:
        name = probe.report.name
        if works and name == ConnectionType.WEBSOCKET and _may_be_a_proxy(error):
            self.add_problem(
                f"the server offers websocket, but it does not work: {error}",
                "a proxy or load balancer may block the upgrade; until it is allowed, clients fall back to polling, "
                "and --transport long-polling avoids the attempt",
            )
        elif isinstance(error, ReplyError):
            self._judge_refusal(probe, error, works=works)
        elif isinstance(error, MessageDecodeError) or (isinstance(error, TransportError) and error.status == 200):
            self.add_problem(
                f"the response to {name} (HTTP {probe.report.status}) is not Bayeux: {error}",
                f"it may be a login page or another service; {_PATH}",
            )
        elif isinstance(error, ExchangeTimeoutError):
            self._judge_silence(probe)
        elif isinstance(error, TransportError) and error.status is not None:
            why, remedy = _of_status(error.status)
            self.add_problem(f"the server answers {error.status} to the {_step(probe)}: {why}", remedy)
        elif isinstance(error, TransportError):
            why, remedy = _of_network(error)
            self.add_problem(f"{why}: {error}", remedy)
        elif isinstance(error, MessageDropped):
            remedy = f"leave the extension out with -p no:{error.extension}"
            self.add_problem(f"the {_step(probe)} was not sent: {error}", remedy)
        elif not isinstance(error, ExtensionError):  # those are reported with the extensions
            self.add_problem(f"the {_step(probe)} failed: {type(error).__name__}: {error}")

    def _judge_refusal(self, probe: Probe, error: ReplyError, *, works: bool) -> None:
        refused, offered = error.error, self._report.offered
        if offered and probe.report.name not in offered:
            if works:
                return  # a client goes on with one that is offered
            self.add_problem(
                f"the server does not offer {probe.report.name}; it offers {', '.join(offered)}",
                "use one of those; extensions can add more transports",
            )
        elif probe.report.failed_at == Channel.META_CONNECT and refused is not None and refused.is_unknown_client:
            number = "first" if probe.report.first_connect_ms is None else "next"
            self._judge_lost_session(probe, number, refused.code)
        elif refused is not None and (refused.code in (401, 403) or "auth" in refused.message.lower()):
            self.add_problem(f"the server refuses the {_step(probe)}: {refused}", _CREDENTIALS)
        else:
            remedy = "the server's documentation or its operator may know what this means"
            self.add_problem(f"the server refuses the {_step(probe)}: {refused or error}", remedy)

    def _judge_lost_session(self, probe: Probe, number: str, code: int | None) -> None:
        what = f"the server answers {code} to the {number} connect by {probe.report.name}: it does not know the session"
        cookies = sorted({name for answer in probe.seen.answers for name in answer.cookies})
        if cookies:
            self.add_problem(
                f"{what} that it has just started",
                f"it did not get its cookie ({', '.join(cookies)}) back: a proxy may strip the header Cookie; or "
                "requests reach several servers, and the load balancer must send a session to one of them",
            )
        else:
            self.add_problem(
                f"{what} that it has just started, and it set no cookie",
                "a proxy may strip the header Set-Cookie; or requests reach several servers, and the load balancer "
                "must send a session to one of them",
            )

    def _judge_silence(self, probe: Probe) -> None:
        if probe.report.failed_at == Channel.META_CONNECT:
            self.add_problem(
                f"the server did not answer a connect by {probe.report.name} that it was asked not to hold",
                "a proxy may buffer the response: turn its buffering off; or give a longer --max-network-delay",
            )
        else:
            remedy = "give a longer --max-network-delay"
            self.add_problem(f"the server did not answer the {_step(probe)} in time", remedy)

    # -- what it says

    def _judge_advice(self) -> None:
        advice: dict[str, Any] = self._report.advice
        if advice.get("hosts"):
            hosts = ", ".join(map(str, advice["hosts"]))
            self.add_note(f"the server advises other hosts: {hosts}", "clients use them when they handshake again")
        if _number(advice.get("interval")) > 0:
            self.add_note(
                f"the server asks for {advice['interval']} ms between connects: with polling, events wait that long"
            )
        timeout, life = _number(advice.get("timeout"), -1), _number(advice.get("maxInterval"), -1)
        if timeout >= _LONG_HOLD:
            self.add_note(
                f"the server holds a connect for {timeout / 1000:g} seconds",
                "a proxy or firewall that closes idle connections sooner breaks every one of them",
            )
        if 0 < life < _SHORT_LIFE:
            self.add_note(f"the server forgets a session that is silent for {life / 1000:g} seconds")
        if any(answer.is_redirect for probe in self._probes for answer in probe.seen.answers):
            self.add_note("the server redirects", "using the address that it redirects to saves each client a request")

    def _judge_clock(self) -> None:
        clock = self._report.clock
        if clock is None or abs(clock.offset_ms) - clock.accuracy_ms < _CLOCK_OFF:
            return
        off = f"{abs(clock.offset_ms) / 1000:g} seconds {'ahead of' if clock.offset_ms > 0 else 'behind'} yours"
        add = self.add_problem if abs(clock.offset_ms) - clock.accuracy_ms > _CLOCK_WRONG else self.add_note
        add(f"the server's clock is {off}", "tokens and signatures that contain a time may be refused; set the clock")

    def _judge_speed(self) -> None:
        for transport in self._report.transports:
            if transport.connects is not None and transport.connects.median > _SLOW:
                self.add_note(f"{transport.name} is slow: {transport.connects.median / 1000:.1f} seconds for a connect")


def _step(probe: Probe) -> str:
    return f"{(probe.report.failed_at or '').removeprefix('/meta/')} by {probe.report.name}"


def _may_be_a_proxy(error: Exception) -> bool:
    """Whether a WebSocket may have failed, though polling works, because of something between client and server."""
    return isinstance(error, TransportError) and error.status not in (401, 407, 429)


def _of_status(status: int) -> tuple[str, str]:
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return "it redirects", "use the address that it redirects to"
    if status >= 500:
        return "it has an error, or a proxy in front of it has one", _TROUBLE
    return "it does not accept Bayeux requests like these", _PATH


def _of_network(error: Exception) -> tuple[str, str]:
    """What a network error means, and what to do, according to its causes."""
    causes = tuple(_causes(error))
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return "no secure connection", "check who issued the certificate, and whether the server uses https"
    if any(isinstance(each, socket.gaierror) for each in causes):
        return "the host name is unknown", "check the host name, and whether a VPN or a proxy is needed to resolve it"
    if any(isinstance(each, ConnectionRefusedError) for each in causes) or "attempts failed" in str(error):
        return "nothing listens there", "check host and port, and whether the server is running"
    return "the server cannot be reached", "check address, network, firewall and proxy"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _number(value: Any, otherwise: float = 0) -> float:
    return value if isinstance(value, int | float) else otherwise
