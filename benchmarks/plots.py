"""The results as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from matplotlib.figure import Figure

from benchmarks.cases import CASES
from benchmarks.clients import CLIENTS, SERVER
from benchmarks.results import figure
from benchmarks.tables import cost

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.results import Results

_COLUMNS: Final = 3
_OURS, _PEER = "tab:orange", "tab:blue"


def draw(results: Results, folder: Path) -> Path:
    """Draw what an item costs each client, a panel for each case, and return the file."""
    names = [name for name in results.outcomes if name in CASES]
    rows = -(-len(names) // _COLUMNS)
    picture = Figure(figsize=(5 * _COLUMNS, 2.2 * rows), layout="constrained")
    panels: list[Axes] = list(picture.subplots(rows, _COLUMNS, squeeze=False).flatten())
    for panel, name in zip(panels, names, strict=False):
        _draw_case(panel, name, results)
    for panel in panels[len(names) :]:
        panel.set_axis_off()
    path = folder / "performance.png"
    picture.savefig(path, dpi=80)
    return path


def _draw_case(panel: Axes, name: str, results: Results) -> None:
    case = CASES[name]
    figures = {
        client: found
        for client, measurements in results.outcomes[name].items()
        if client != SERVER and (found := figure(measurements, cost(case)))
    }
    middles = [found.middle for found in figures.values()]
    spread = [
        [found.middle - found.least for found in figures.values()],
        [found.most - found.middle for found in figures.values()],
    ]
    colours = [_PEER if CLIENTS[client].peer else _OURS for client in figures]
    panel.barh(list(figures), middles, xerr=spread, color=colours)
    panel.invert_yaxis()
    panel.set_title(case.title, fontsize=9)
    panel.tick_params(labelsize=8)
    panel.set_xlabel(f"{'clock' if case.by_clock else 'processor'} us / {case.item}", fontsize=8)
