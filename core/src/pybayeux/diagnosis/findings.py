"""What is wrong, in words, with what to do about it. Reads a report; asks nobody anything."""

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
    "give credentials: -H 'Authorization: Bearer ...', or an extension that has them, such as pybayeux-auth; "
    "if you did, they are wrong or have expired"
)
_PATH: Final = "check the path: usual are /cometd, /bayeux and /faye, at Salesforce /cometd/61.0"
_TROUBLE: Final = "ask who runs the server; if a proxy stands before it, see whether that one reaches it"
_STATUSES: Final = {
    401: ("it wants credentials", _CREDENTIALS),
    403: ("it refuses these credentials, or wants some", _CREDENTIALS),
    404: ("there is no Bayeux server at this path", _PATH),
    405: ("there is no Bayeux server at this path", _PATH),
    407: ("a proxy wants credentials", "put them into the address in the variable HTTP_PROXY or HTTPS_PROXY"),
    410: ("there is no Bayeux server at this path any more", _PATH),
    429: ("it has had too many requests", "wait, and see who else uses the same account or address"),
}


class Findings:
    """Puts findings into a report.

    Args:
        report: Where they go, and what they are about.
        probes: What was tried.
    """

    def __init__(self, report: Report, probes: Sequence[Probe]) -> None:
        self._report: Final = report
        self._probes: Final = probes

    def add_problem(self, what: str, remedy: str = "") -> None:
        """Something is wrong."""
        if (finding := Finding(what, remedy)) not in self._report.problems:
            self._report.problems.append(finding)

    def add_note(self, what: str, remedy: str = "") -> None:
        """Something is worth knowing."""
        self._report.notes.append(Finding(what, remedy))

    def gather(self) -> None:
        """Find everything."""
        works = any(each.works for each in self._report.transports)
        for probe in self._probes:
            if probe.error is not None:
                self._judge_failure(probe, probe.error, works=works)
        self._judge_advice()
        self._judge_clock()
        for extension in self._report.extensions:
            if extension.state in FAULTY:
                self.add_problem(
                    f"extension {extension.name!r} is {extension.state}: {extension.told}",
                    f"repair it, or leave it out with -p no:{extension.name}",
                )
        self._judge_speed()

    # -- failures

    def _judge_failure(self, probe: Probe, error: Exception, *, works: bool) -> None:
        name = probe.report.name
        if works and name == ConnectionType.WEBSOCKET and _may_be_a_proxy(error):
            self.add_problem(
                f"the server offers websocket, but it does not work: {error}",
                "a proxy or load balancer may not let the upgrade pass; until it does, clients fall back to polling, "
                "and --transport long-polling spares them the attempt",
            )
        elif isinstance(error, ReplyError):
            self._judge_refusal(probe, error)
        elif isinstance(error, MessageDecodeError) or (isinstance(error, TransportError) and error.status == 200):
            self.add_problem(
                f"what answers to {name} (HTTP {probe.report.status}) is no Bayeux: {error}",
                f"is it a login page, or another service? {_PATH}",
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
            self.add_problem(f"the {_step(probe)} is not sent: {error}", f"leave it out: -p no:{error.extension}")
        elif not isinstance(error, ExtensionError):  # that one is told of among the extensions
            self.add_problem(f"the {_step(probe)} failed: {type(error).__name__}: {error}")

    def _judge_refusal(self, probe: Probe, error: ReplyError) -> None:
        refused, offered = error.error, self._report.offered
        if offered and probe.report.name not in offered:
            self.add_problem(
                f"the server does not offer {probe.report.name}, but {', '.join(offered)}",
                "let clients use one of those; more transports come with extensions",
            )
        elif probe.report.failed_at == Channel.META_CONNECT and refused is not None and refused.is_unknown_client:
            number = "first" if probe.report.first_connect_ms is None else "next"
            self._judge_lost_session(probe, number, refused.code)
        elif refused is not None and (refused.code in (401, 403) or "auth" in refused.message.lower()):
            self.add_problem(f"the server refuses the {_step(probe)}: {refused}", _CREDENTIALS)
        else:
            remedy = "what that means, its operator or its documentation may know"
            self.add_problem(f"the server refuses the {_step(probe)}: {refused or error}", remedy)

    def _judge_lost_session(self, probe: Probe, number: str, code: int | None) -> None:
        what = f"the server answers {code} to the {number} connect by {probe.report.name}: it does not know the session"
        cookies = sorted({name for answer in probe.seen.answers for name in answer.cookies})
        if cookies:
            self.add_problem(
                f"{what} that it has just begun",
                f"its cookie ({', '.join(cookies)}) did not come back to it: a proxy may strip the header Cookie; or "
                "requests reach several servers, and a load balancer has to keep a session at one",
            )
        else:
            self.add_problem(
                f"{what} that it has just begun, and no cookie came with it",
                "a proxy may strip the header Set-Cookie; or requests reach several servers, and a load balancer has "
                "to keep a session at one",
            )

    def _judge_silence(self, probe: Probe) -> None:
        if probe.report.failed_at == Channel.META_CONNECT:
            self.add_problem(
                f"the server did not answer a connect by {probe.report.name} that it was asked not to hold",
                "a proxy may keep the answer back until it is complete or large enough: turn its buffering off; or "
                "give more --max-network-delay",
            )
        else:
            self.add_problem(f"the server did not answer the {_step(probe)} in time", "give more --max-network-delay")

    # -- what it says

    def _judge_advice(self) -> None:
        advice: dict[str, Any] = self._report.advice
        if advice.get("hosts"):
            hosts = ", ".join(map(str, advice["hosts"]))
            self.add_note(f"the server advises other hosts: {hosts}", "a client goes there where this one fails")
        if _number(advice.get("interval")) > 0:
            self.add_note(f"the server wants {advice['interval']} ms between connects: by polling, events wait so long")
        timeout, life = _number(advice.get("timeout"), -1), _number(advice.get("maxInterval"), -1)
        if timeout >= _LONG_HOLD:
            self.add_note(
                f"the server holds a connect for {timeout / 1000:g} seconds",
                "a proxy or firewall that ends idle connections sooner breaks every one of them",
            )
        if 0 < life < _SHORT_LIFE:
            self.add_note(f"the server forgets a session that is silent for {life / 1000:g} seconds")
        if any(answer.is_redirect for probe in self._probes for answer in probe.seen.answers):
            self.add_note("the server redirects", "the address that it points to saves each client a request")

    def _judge_clock(self) -> None:
        clock = self._report.clock
        if clock is None or abs(clock.offset_ms) - clock.accuracy_ms < _CLOCK_OFF:
            return
        off = f"{abs(clock.offset_ms) / 1000:g} seconds {'ahead of' if clock.offset_ms > 0 else 'behind'} this one"
        add = self.add_problem if abs(clock.offset_ms) - clock.accuracy_ms > _CLOCK_WRONG else self.add_note
        add(f"the server's clock is {off}", "tokens and signatures with a time in them may be refused; set the clock")

    def _judge_speed(self) -> None:
        for transport in self._report.transports:
            if transport.connects is not None and transport.connects.median > _SLOW:
                self.add_note(f"{transport.name} is slow: {transport.connects.median / 1000:.1f} seconds for a connect")


def _step(probe: Probe) -> str:
    return f"{(probe.report.failed_at or '').removeprefix('/meta/')} by {probe.report.name}"


def _may_be_a_proxy(error: Exception) -> bool:
    """Whether what failed by WebSocket, though not by polling, may be something between here and the server."""
    return isinstance(error, TransportError) and error.status not in (401, 407, 429)


def _of_status(status: int) -> tuple[str, str]:
    if status in _STATUSES:
        return _STATUSES[status]
    if 300 <= status < 400:
        return "it points elsewhere", "use the address that it points to"
    if status >= 500:
        return "it is in trouble, or what stands before it", _TROUBLE
    return "it does not take Bayeux requests like these", _PATH


def _of_network(error: Exception) -> tuple[str, str]:
    """What an error of the network means, by the errors that it came from."""
    causes = tuple(_causes(error))
    if any(isinstance(each, ssl.SSLError) for each in causes):
        return "no secure connection", "see who issued its certificate, and whether it is https that is spoken there"
    if any(isinstance(each, socket.gaierror) for each in causes):
        return "its name is not known", "check the name of the host, and whether a VPN or a proxy is needed to find it"
    if any(isinstance(each, ConnectionRefusedError) for each in causes) or "attempts failed" in str(error):
        return "nothing listens there", "check host and port, and whether the server runs"
    return "it cannot be reached", "check address, network, firewall and proxy"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _number(value: Any, otherwise: float = 0) -> float:
    return value if isinstance(value, int | float) else otherwise
