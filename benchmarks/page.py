"""The results on the page of the documentation: the tables, and the picture beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.tables import rendered

if TYPE_CHECKING:
    from benchmarks.results import Results

PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"
MARK: Final = "<!-- What follows is written by python -m benchmarks --write. -->\n"


def write_page(results: Results) -> None:
    """Write the tables below the mark, in place of those of an earlier run, and draw the picture."""
    from benchmarks.plots import draw

    images = PAGE.parent / "images"
    images.mkdir(exist_ok=True)
    draw(results, images)
    head, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
    PAGE.write_text(f"{head}{mark}\n{rendered(results)}", encoding="utf-8")
