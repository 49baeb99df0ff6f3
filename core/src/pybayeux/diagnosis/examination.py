"""All of a diagnosis in its order: the extensions, each transport, and what the server said.

What was found out until a deadline or a signal is in the report, whatever comes after.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any, Final

import msgspec

from .._util.urls import parse_endpoint
from ..errors import ExtensionError, TransportError
from ..extensions import ExtensionRegistry, list_extensions
from ..extensions.changes import without_secrets
from ..extensions.tracing import tracing_to
from ..state import ConnectionType
from ..transports.registry import TransportRegistry
from .clock import read_clock
from .effects import FAULTY, judge_extensions
from .findings import Findings
from .probing import Probe
from .report import Report, TransportReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..extensions import ExtensionInfo
    from ..extensions.tracing import Step

__all__ = ("Examination",)

_extensions_logger: Final = logging.getLogger("pybayeux.extensions")


class Examination:
    """Examines one server.

    Args:
        url: Where it is.
        settings: The keyword arguments of the client, as `AsyncClient` and `BayeuxClient` share them.

    Attributes:
        report: What is found out, filled in as it goes.

    Raises:
        UsageError: The address is none, or a transport is unknown.
        ExtensionOptionError: An option was given for an extension that is not there.
    """

    def __init__(self, url: str, settings: Mapping[str, Any]) -> None:
        self._url: Final = url
        self.report: Final = Report(parse_endpoint(url).url.partition("?")[0])
        self._steps: Final[list[Step]] = []
        self._complaints: Final[dict[str, ExtensionError]] = {}
        self._probes: Final[list[Probe]] = []
        with redirect_stdout(sys.stderr):  # an extension that prints when it is imported is not to spoil the output
            self._listed: Final = list_extensions(settings["options"], disabled=settings["disabled"])
            # A broken one is a finding here, not the end.
            disabled = [*settings["disabled"], *_faulty(self._listed)]
            self._settings: Final = {**settings, "disabled": disabled}
            with self._hearing_complaints():
                self._transports: Final = self._known_transports()

    async def run(self, timeout: float | None) -> None:
        """Find everything out, within so many seconds; the report says where that was too short."""
        in_time = True
        try:
            with tracing_to(self._steps.append), self._hearing_complaints():
                async with asyncio.timeout(timeout):
                    await self._try_transports()
        except TimeoutError:
            in_time = False
        self._sum_up()
        findings = Findings(self.report, self._probes)
        if not in_time:
            findings.add_problem(f"this was not done within {timeout:g} seconds", "give it more --timeout")
        findings.gather()

    # -- before

    def _known_transports(self) -> list[str]:
        """Those that a client would use: polling first, whose handshake tells what else there is to try."""
        registry = TransportRegistry()
        given = {name: self._settings[name] for name in ("extensions", "options", "disabled")}
        client: Any = None  # no hook that is given the client is called
        ExtensionRegistry(client, **given).register_transports(registry)
        names = registry.select(self._settings["transports"])
        return sorted(names, key=lambda name: name == ConnectionType.WEBSOCKET)

    @contextmanager
    def _hearing_complaints(self) -> Iterator[None]:
        """Note which extensions a client leaves out: it says so to its logger alone, and once for each client."""

        def hear(record: logging.LogRecord) -> bool:
            errors = [each for each in record.args or () if isinstance(each, ExtensionError)]
            self._complaints.update((error.extension, error) for error in errors)
            return not errors

        _extensions_logger.addFilter(hear)
        try:
            yield
        finally:
            _extensions_logger.removeFilter(hear)

    # -- the conversation

    async def _try_transports(self) -> None:
        skipped = ""
        for name in self._transports:
            offered = name in self.report.offered if self.report.offered else None
            if skipped or offered is False:
                why = skipped or "the server does not offer it"
                self.report.transports.append(TransportReport(name, offered, error=why))
                continue
            probe = Probe(self._url, name, self._settings)
            self._probes.append(probe)
            self.report.transports.append(probe.report)
            try:
                await probe.run()
            finally:
                self._note_answers(probe)
            if isinstance(probe.error, TransportError) and probe.error.unsent and not self.report.answers:
                skipped = "not tried: nothing answers"

    def _note_answers(self, probe: Probe) -> None:
        report, answers = self.report, probe.seen.answers
        if answers and not report.answers:
            report.answers, report.status, report.server = True, answers[0].status, answers[0].server
        report.is_bayeux = report.is_bayeux or bool(probe.seen.replies)
        greeting = probe.handshake_reply
        if greeting is None:
            return
        report.answers = True
        report.version = report.version or greeting.version
        if not report.offered:
            report.offered = list(greeting.supported_connection_types or ())
            for transport in report.transports:
                transport.offered = transport.name in report.offered if report.offered else None
        else:
            probe.report.offered = probe.report.name in report.offered

    # -- after

    def _sum_up(self) -> None:
        report = self.report
        announced: dict[str, Any] | None = None
        for probe in self._probes:
            for reply, _ in probe.seen.replies:
                report.advice |= _advice(reply)
            greeting = probe.handshake_reply
            if greeting is not None and greeting.successful:
                announced = (announced or {}) | (greeting.ext or {})
        report.announced = without_secrets(announced or {})
        report.extensions = judge_extensions(self._listed, self._steps, self._complaints, announced)
        report.cookies = list(
            dict.fromkeys(name for probe in self._probes for each in probe.seen.answers for name in each.cookies)
        )
        clocks = (read_clock(each.seen.replies, each.seen.answers, each.report.handshake_ms) for each in self._probes)
        report.clock = min(filter(None, clocks), key=lambda clock: clock.accuracy_ms, default=None)


def _faulty(listed: list[ExtensionInfo]) -> list[str]:
    return [each.name for each in listed if each.state in FAULTY]


def _advice(reply: Any) -> dict[str, Any]:
    """What a reply advises, by the protocol's names."""
    if reply.advice is None:
        return {}
    advice: dict[str, Any] = msgspec.to_builtins(reply.advice)
    return advice | {name: value for name, value in reply.advice.extra.items() if not isinstance(value, str)}
