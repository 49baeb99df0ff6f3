"""The report of `pybayeux doctor` as text: problems come last, next to the prompt."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from .._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..diagnosis.report import ExtensionReport, Finding, Report, TransportReport

__all__ = ("print_report",)

_PIPED_WIDTH: Final = 120
_COLOURS: Final = {
    "works": "green",
    "used": "green",
    "active": "green",
    "fails": "bold red",
    "broken": "bold red",
    "failing": "bold red",
    "incompatible": "bold red",
    "without effect": "yellow",
    "not configured": "yellow",
}


def print_report(report: Report) -> None:
    """Write it to standard output."""
    console = Console() if sys.stdout.isatty() else Console(width=_PIPED_WIDTH)
    console.print(_grid(_server(report)))
    if report.transports:
        console.print(_heading("Transports"), _grid(map(_transport, report.transports)))
    if report.extensions:
        console.print(_heading("Extensions"), _grid(map(_extension, report.extensions)))
    for title, findings, colour in (("Worth knowing", report.notes, "yellow"), ("Wrong", report.problems, "bold red")):
        if findings:
            console.print(_heading(title, colour), *map(_finding, findings), sep="\n", soft_wrap=True)
    if not report.problems:
        console.print(_heading("Nothing is wrong.", "bold green"))


def _heading(text: str, colour: str = "bold") -> Text:
    return Text(f"\n{text}", colour)


def _grid(rows: Iterable[Sequence[str]]) -> Table:
    """Rows of texts; the second column is a state, in its colour."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        first, second, *others = map(printable, row)
        table.add_row(Text(f"  {first}", "bold"), Text(second, _COLOURS.get(second, "")), *map(Text, others))
    return table


def _finding(finding: Finding) -> Text:
    text = Text(f"  {printable(finding.what)}")
    return text.append(f"\n    -> {printable(finding.remedy)}", "dim") if finding.remedy else text


def _server(report: Report) -> list[tuple[str, str]]:
    rows = [("Server", report.url), ("Answer", _answer(report))]
    if report.offered:
        rows.append(("Offers", ", ".join(report.offered)))
    if report.advice:
        rows.append(("Advice", _members(report.advice)))
    if report.is_bayeux:
        rows.append(("Announces", _members(report.announced, "ext.") or "no extensions"))
        rows.append(("Cookies", ", ".join(report.cookies) or "none"))
    if report.clock is not None:
        clock = report.clock
        rows.append(("Clock", f"{clock.offset_ms:+.0f} ms, give or take {clock.accuracy_ms:.0f} ({clock.source})"))
    return rows


def _answer(report: Report) -> str:
    if not report.answers:
        return "none"
    words = ["Bayeux", report.version] if report.is_bayeux else ["not Bayeux"]
    words += [] if report.status is None else [f"(HTTP {report.status})"]
    words += [] if report.server is None else [f"by {report.server}"]
    return " ".join(filter(None, words))


def _members(members: dict[str, Any], prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name} {_value(value)}" for name, value in members.items())


def _value(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _transport(transport: TransportReport) -> tuple[str, str, str]:
    if transport.works is None:
        return transport.name, "-", transport.error or "not tried"
    if not transport.works and transport.offered is False:
        return transport.name, "-", "the server does not offer it"
    if not transport.works:
        return transport.name, "fails", f"{transport.failed_at}: {transport.error}"
    times = [f"handshake {_ms(transport.handshake_ms)}", f"first connect {_ms(transport.first_connect_ms)}"]
    if transport.connects is not None:
        least, usual = map(_ms, (transport.connects.min, transport.connects.median))
        cost, linger = map(_ms, (transport.connects.processor_time, transport.connects.linger))
        times.append(f"{transport.connects.count} connects: min {least}, median {usual}, {cost} of processor time")
        times.append(f"linger up to {linger}")
    return transport.name, "works", ", ".join(times)


def _ms(time: float | None) -> str:
    return "?" if time is None else f"{time:.1f} ms"


def _extension(extension: ExtensionReport) -> tuple[str, str, str]:
    return f"{extension.name} ({extension.dist} {extension.version})", extension.state, extension.detail
