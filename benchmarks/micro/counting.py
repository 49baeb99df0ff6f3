"""The count of instructions of a piece, by valgrind. It is the same on a busy machine as on a quiet one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.micro.pieces import MOST_TIMES, items
from tests.servers.build import require_tool

ROOT: Final = Path(__file__).parents[2]
FEW: Final = 2
"""Batches in the run that is subtracted: caches are filled by then."""

_COUNT: Final = re.compile(r"I\s+refs:\s+([\d,]+)")
_BYTECODE: Final = ROOT / ".pytest_cache" / "bytecode"


class CountError(Exception):
    """A piece could not be run or counted."""


def instructions(piece: str) -> float:
    """The instructions of one event, or publish.

    Raises:
        MissingTool: valgrind is missing.
        CountError: it could not run the piece.
    """
    _run(piece, FEW)  # to have all modules compiled, which would be counted as well
    return (_count(piece, MOST_TIMES) - _count(piece, FEW)) / ((MOST_TIMES - FEW) * items(piece))


def _count(piece: str, times: int) -> int:
    valgrind = (require_tool("valgrind", 3), "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    report = _run(piece, times, *valgrind)
    if (found := counted(report)) is None:
        raise CountError(f"{piece}: valgrind has printed no count\n{report[-2000:]}")
    return found


def _run(piece: str, times: int, *under: str) -> str:
    """Run a piece, perhaps under another program; returns what that prints to standard error."""
    program = (*under, sys.executable, "-m", "benchmarks.micro.pieces", piece, str(times))
    # The order of sets, and the compilation of modules, would be counted too.
    fixed = {"PYTHONHASHSEED": "0", "PYTHONPYCACHEPREFIX": str(_BYTECODE), "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(program, cwd=ROOT, env={**os.environ, **fixed}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CountError(f"{' '.join(program)}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stderr


def counted(report: str) -> int | None:
    """The count in what valgrind prints."""
    found = _COUNT.search(report)
    return None if found is None else int(found[1].replace(",", ""))
