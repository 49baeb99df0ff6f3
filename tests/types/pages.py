"""Helper: the Python blocks of a page of documentation as one module that a type checker can read.

Each block is an async function within that of the block before it: it may await, it knows the names of the blocks
before it, and it may define them anew. Line numbers are those of the page.
"""

from __future__ import annotations

import re
from textwrap import indent
from typing import TYPE_CHECKING, Final

from tests.docs.markdown import OWN_MODULE, blocks
from tests.docs.page import client_of

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("as_module",)

_OWN_IMPORT: Final = re.compile(rf"^from {OWN_MODULE} import .*$", re.MULTILINE)

_PROLOGUE: Final = "import pybayeux as _pybayeux"
"""For the `client` that a block need not make, as where the blocks are run."""


def as_module(page: Path) -> str:
    """The source of the module; empty for a page without Python blocks.

    What a block imports from the page's own module is defined by a block before it.
    """
    lines: list[str] = []
    for depth, block in enumerate(blocks(page, "python")):
        lines += [""] * (block.line - len(lines) - 1)
        client = client_of(block)
        parameter = f"client: _pybayeux.{client.__name__}" if client else ""
        lines.append(" " * depth + f"async def block_{block.line}({parameter}) -> None:")
        lines += indent(_OWN_IMPORT.sub("pass", block.source), " " * (depth + 1)).splitlines()
    if lines:
        lines[0] = _PROLOGUE
    return "\n".join(lines) + "\n"
