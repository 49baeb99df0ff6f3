"""A whole diagnosis: the extensions, then each transport, then the summary.

The report is filled in as it goes, so a deadline or a signal keeps what was found until then.
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
from ..extensions.changes import without_secrets
from ..extensions.listing import list_extensions
from ..extensions.registry import ExtensionRegistry
from ..extensions.tracing import tracing_to
from ..state import ConnectionType
from ..transports.registry import TransportRegistry
from .clock import read_clock
from .effects import FAULTY, judge_extensions
from .findings import Findings
from .probing import Probe
from .report import Report, TransportReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..extensions.listing import ExtensionInfo
    from ..extensions.tracing import Step

__all__ = ("Examination",)

_extensions_logger: Final = logging.getLogger("pybayeux.extensions")


class Examination:
    """Examines one server.

    Args:
        url: Its address.
        settings: The keyword arguments that `AsyncClient` and `BayeuxClient` share.
        on_step: Called with what is done next, in words.

    Attributes:
        report: The result, filled in as it goes.

    Raises:
        UsageError: The address is not a valid one, or a transport is unknown.
        ExtensionOptionError: An option was given for an extension that is not installed.
    """

    def __init__(
        self, url: str, settings: Mapping[str, Any], on_step: Callable[[str], None] = lambda text: None
    ) -> None:
        self._url: Final = url
        self._on_step: Final = on_step
        self._steps: Final[list[Step]] = []
        self._load_errors: Final[dict[str, ExtensionError]] = {}
        self._probes: Final[list[Probe]] = []
        with redirect_stdout(sys.stderr):  # an extension may print when it is imported
            self._listed: Final = list_extensions(settings["options"], disabled=settings["disabled"])
            # A broken extension is a finding here, not an error.
            disabled = [*settings["disabled"], *_faulty(self._listed)]
            self._settings: Final = {**settings, "disabled": disabled}
            client: Any = None  # no hook that is given the client is called
            given = {name: self._settings[name] for name in ("extensions", "options", "disabled")}
            with self._catching_load_errors():
                registry = ExtensionRegistry(client, **given)
                self._transports: Final = self._known_transports(registry)
                endpoint = parse_endpoint(registry.hooks.resolve_url(url))
        self.report: Final = Report(endpoint.url.partition("?")[0])
        self._findings: Final = Findings(self.report, self._probes)

    async def run(self, timeout: float | None) -> None:
        """Examine the server for at most `timeout` seconds; the report says if that was too short."""
        in_time = True
        try:
            with tracing_to(self._steps.append), self._catching_load_errors():
                async with asyncio.timeout(timeout):
                    await self._try_transports()
        except TimeoutError:
            in_time = False
        self._sum_up()
        if not in_time:
            self._findings.add_problem(
                f"the diagnosis was not done within {timeout:g} seconds", "give it a longer --timeout"
            )
        self._findings.gather()

    # -- before

    def _known_transports(self, extensions: ExtensionRegistry) -> list[str]:
        """The transports that a client would use: polling first, whose handshake says what else the server offers."""
        registry = TransportRegistry()
        extensions.hooks.register_transports(registry)
        names = registry.select(self._settings["transports"])
        return sorted(names, key=lambda name: name == ConnectionType.WEBSOCKET)

    @contextmanager
    def _catching_load_errors(self) -> Iterator[None]:
        """Record which extensions a client leaves out: it only logs these errors, and once for each client."""

        def catch(record: logging.LogRecord) -> bool:
            errors = [each for each in record.args or () if isinstance(each, ExtensionError)]
            self._load_errors.update((error.extension, error) for error in errors)
            return not errors

        _extensions_logger.addFilter(catch)
        try:
            yield
        finally:
            _extensions_logger.removeFilter(catch)

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
            self._on_step(f"trying {name}")
            self.report.transports.append(probe.report)
            is_first = not any(each.works for each in self.report.transports)
            try:
                await probe.run(self._findings if is_first else None)
            finally:
                self._note_answers(probe)
            if isinstance(probe.error, TransportError) and probe.error.unsent and not self.report.answers:
                skipped = "not tried: the server does not respond"

    def _note_answers(self, probe: Probe) -> None:
        report, answers = self.report, probe.seen.answers
        if answers and not report.answers:
            report.answers, report.status, report.server = True, answers[0].status, answers[0].server
        report.is_bayeux = report.is_bayeux or bool(probe.seen.replies)
        handshake = probe.handshake_reply
        if handshake is None:
            return
        report.answers = True
        report.version = report.version or handshake.version
        if not report.offered:
            report.offered = list(handshake.supported_connection_types or ())
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
            handshake = probe.handshake_reply
            if handshake is not None and handshake.successful:
                announced = (announced or {}) | (handshake.ext or {})
        report.announced = without_secrets(announced or {})
        report.extensions = judge_extensions(self._listed, self._steps, self._load_errors, announced)
        report.cookies = list(
            dict.fromkeys(name for probe in self._probes for each in probe.seen.answers for name in each.cookies)
        )
        clocks = (read_clock(each.seen.replies, each.seen.answers, each.report.handshake_ms) for each in self._probes)
        report.clock = min(filter(None, clocks), key=lambda clock: clock.accuracy_ms, default=None)


def _faulty(listed: list[ExtensionInfo]) -> list[str]:
    return [each.name for each in listed if each.state in FAULTY]


def _advice(reply: Any) -> dict[str, Any]:
    """The advice in a reply, by the protocol's names."""
    if reply.advice is None:
        return {}
    advice: dict[str, Any] = msgspec.to_builtins(reply.advice)
    return advice | {name: value for name, value in reply.advice.extra.items() if not isinstance(value, str)}
