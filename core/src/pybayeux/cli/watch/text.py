"""A snapshot as text: a view for people, and one line for logs.

Owns what is shown where. Everything that a server said is escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.text import Text

from ..._printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from rich.console import RenderableType

    from .snapshot import ChannelFigures, ExtensionFigures, Snapshot

__all__ = ("line", "view")

_HEADLINES: Final = 12
"""Lines that are always there: four about the state, and an empty line and the headings of four tables."""
_LEAST: Final = 3
_WIDEST: Final = 40
"""Characters of a column, but for the last one."""


def line(snapshot: Snapshot) -> str:
    """A snapshot in one line."""
    lag = "none" if snapshot.lag is None else _ms(snapshot.lag.last_ms)
    words = [
        f"{snapshot.at.astimezone():%H:%M:%S}",
        snapshot.state,
        snapshot.transport or "no transport",
        f"events={snapshot.events}",
        f"rate={snapshot.per_second:.1f}/s",
        f"lag={lag}",
        f"reconnects={snapshot.reconnects}",
        f"failures={snapshot.failures}",
    ]
    return printable(" ".join(words))


def view(snapshot: Snapshot, height: int | None = None) -> RenderableType:
    """A snapshot as a view.

    Args:
        snapshot: The snapshot.
        height: Lines that there are; without a limit, twenty rows in each table.
    """
    channels, extensions, events, happenings = _shares(snapshot, height)
    recent = [(_at(each.at), each.channel, each.data) for each in snapshot.recent]
    happened = [(_at(each.at), each.text) for each in snapshot.happenings]
    return Group(
        *_head(snapshot),
        _table(
            ("Channels", "events", "per second", "lag", "position"),
            map(_channel, _busiest(snapshot.channels)),
            channels,
            empty="no event yet",
            numbers=4,
        ),
        _table(
            ("Extensions", "calls", "each", "changed", "last change"),
            map(_extension, _costliest(snapshot.extensions)),
            extensions,
            empty="none is installed",
            numbers=3,
        ),
        _table(("Last events", "", ""), recent, events, empty="none yet"),
        _table(("What happened", ""), happened, happenings, empty="nothing yet"),
    )


def _shares(snapshot: Snapshot, height: int | None) -> tuple[int, int, int, int]:
    """How many rows each table gets: what it needs, as far as there is room, and the events get the rest."""
    if height is None:
        return 20, 20, 20, 20
    room = max(4 * _LEAST, height - _HEADLINES)
    happenings = min(room // 4, max(1, len(snapshot.happenings)))
    channels = min(room // 4, max(1, len(snapshot.channels)))
    extensions = min(room // 3, max(1, len(snapshot.extensions)))
    return channels, extensions, max(_LEAST, room - happenings - channels - extensions), happenings


def _head(snapshot: Snapshot) -> Iterable[Text]:
    colour = "green" if snapshot.ready else "yellow" if snapshot.state != "disconnected" else "red"
    since = "" if snapshot.connected_seconds is None else f"for {_duration(snapshot.connected_seconds)}  "
    yield _cut(
        Text.assemble(
            (snapshot.state, f"bold {colour}"),
            f"  {since}",
            (snapshot.transport or "no transport", "bold"),
            f"  {printable(snapshot.url)}",
        )
    )
    yield _cut(
        Text(
            f"events {snapshot.events}  {snapshot.per_second:.1f}/s over ten seconds  "
            f"{snapshot.per_second_minute:.1f}/s over a minute  {_lag(snapshot)}"
        )
    )
    yield _cut(Text(f"sessions {snapshot.sessions}  reconnects {snapshot.reconnects}  failures {snapshot.failures}"))
    yield _cut(Text("" if snapshot.ready else printable(snapshot.health), "yellow"))


def _lag(snapshot: Snapshot) -> str:
    lag = snapshot.lag
    if lag is None:
        return "lag unknown"
    return f"lag {_ms(lag.last_ms)}, median {_ms(lag.median_ms)}, highest {_ms(lag.highest_ms)}"


def _busiest(channels: Iterable[ChannelFigures]) -> list[ChannelFigures]:
    return sorted(channels, key=lambda each: (-each.events, each.channel))


def _costliest(extensions: Iterable[ExtensionFigures]) -> list[ExtensionFigures]:
    return sorted(extensions, key=lambda each: (each.state != "active", -each.total_ms))


def _channel(figures: ChannelFigures) -> Sequence[str]:
    lag = "-" if figures.lag_ms is None else _ms(figures.lag_ms)
    position = "-" if figures.position is None else str(figures.position)
    return figures.channel, str(figures.events), f"{figures.per_second:.1f}", lag, position


def _extension(figures: ExtensionFigures) -> Sequence[str]:
    name = f"{figures.name} {figures.version or ''}".rstrip()
    if figures.state != "active":
        return name, "-", "-", "-", ": ".join(filter(None, dict.fromkeys((figures.state, figures.reason))))
    each = f"{1000 * figures.total_ms / figures.calls:.0f} µs" if figures.calls else "-"
    problems = [f"{figures.dropped} dropped"] * bool(figures.dropped) + [f"{figures.errors} errors"] * bool(
        figures.errors
    )
    return name, str(figures.calls), each, str(figures.changes), "; ".join([*problems, figures.last])


def _table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], most: int, *, empty: str, numbers: int = 0
) -> RenderableType:
    """An empty line, a line of headings and at most so many rows, each in one line.

    Args:
        heads: The title, then the headings of the other columns.
        rows: The texts of each row.
        most: How many lines there may be.
        empty: What to say where there is no row.
        numbers: How many columns after the first are numbers.
    """
    found = [tuple(map(printable, row)) for row in rows]
    shown = found if len(found) <= most else found[: most - 1]
    *widths, last = (max(map(cell_len, column)) for column in zip(heads, *shown, strict=True))
    widths = [*(min(_WIDEST, width) for width in widths), last]
    lines = [_row(heads, widths, numbers, "bold", "dim")]
    lines += [_row(row, widths, numbers, "cyan" if numbers else "dim") for row in shown]
    rest = len(found) - len(shown)
    if rest or not found:
        lines.append(Text(f"and {rest} more" if rest else empty, "dim"))
    return Group(Text(), *lines)


def _row(cells: Sequence[str], widths: Sequence[int], numbers: int, first: str, others: str = "") -> Text:
    """One line, in two styles. The terminal cuts the last column where it ends."""
    padded = [_pad(cell, width, 0 < at <= numbers) for at, (cell, width) in enumerate(zip(cells, widths, strict=True))]
    text = Text.assemble((padded[0], first), *((f"  {cell}", others) for cell in padded[1:]))
    text.rstrip()
    return _cut(text)


def _pad(text: str, width: int, to_the_right: bool) -> str:
    if to_the_right:
        return " " * (width - cell_len(text)) + text
    return text if cell_len(text) == width else set_cell_size(text, width)


def _cut(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _at(moment: datetime) -> str:
    return f"{moment.astimezone():%H:%M:%S}"


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:.1f} ms" if abs(milliseconds) < 1000 else f"{milliseconds / 1000:.1f} s"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
