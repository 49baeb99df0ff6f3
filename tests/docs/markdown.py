"""Helper: the fenced blocks of a page of documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("OWN_MODULE", "PAGES", "ROOT", "Block", "blocks")

ROOT: Final = Path(__file__).parents[2]
OWN_MODULE: Final = "acme_tenant"
"""The module that the tutorial's reader writes. Its content is the blocks of the page, which may import it."""
PAGES: Final = (
    *sorted(ROOT.glob("docs/**/*.md")),
    ROOT / "core" / "README.md",
    *sorted(ROOT.glob("extensions/*/README.md")),
    *sorted(ROOT.glob("examples/third-party/*/README.md")),
)
"""Every page of documentation but the README of the whole, whose blocks are the examples themselves."""

_FENCED: Final = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+?) -->\n+)?^```(?P<language>\w*)[^\n]*\n(?P<source>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        path: The page it is on.
        line: The line before its first one, counted from 1.
        language: The word after the fence, or nothing.
        source: What is inside.
        output: The block of language `text` that follows with nothing in between: what this one prints.
        not_run: The reason in a comment above, ``<!-- not run: reason -->``, or nothing.
    """

    path: Path
    line: int
    language: str
    source: str
    output: str | None
    not_run: str


def blocks(path: Path, *languages: str) -> list[Block]:
    """The blocks of a page that are in one of these languages."""
    return [block for block in _all_blocks(path) if block.language in languages]


def _all_blocks(path: Path) -> Iterator[Block]:
    page = path.read_text(encoding="utf-8")
    found = list(_FENCED.finditer(page))
    for match, following in zip(found, [*found, None][1:], strict=True):
        line = page.count("\n", 0, match.start("source"))
        output = None
        if following and following["language"] == "text" and not page[match.end() : following.start()].strip():
            output = following["source"]
        yield Block(path, line, match["language"], match["source"], output, match["reason"] or "")
