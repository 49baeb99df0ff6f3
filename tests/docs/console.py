"""Helper: what the ``console`` blocks of a page show, a command behind ``$`` and its output.

    python -m tests.docs.console docs/command-line.md

writes the page anew, with the output that the commands have now.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Final

from click.testing import CliRunner

from pybayeux.cli import main as pybayeux

__all__ = ("as_run", "main")

_BLOCK: Final = re.compile(r"^```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)


_COLUMNS: Final = 100
"""Of the terminal that the pages show."""


def as_run(page: str) -> str:
    """A page's text with the output that its commands have now."""
    return _BLOCK.sub(lambda block: f"```console\n$ {block['command']}\n{_output(block['command'])}```", page)


def _output(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "pybayeux", command
    unset = dict.fromkeys(name for name in os.environ if name.startswith("PYBAYEUX_"))
    runner = CliRunner(env={**unset, "COLUMNS": str(_COLUMNS)})
    result = runner.invoke(pybayeux, arguments, prog_name=program, terminal_width=_COLUMNS - 2)
    assert result.exit_code == 0, result.output
    return result.stdout


def main() -> None:
    """Write the pages anew that are named as arguments."""
    for path in map(Path, sys.argv[1:]):
        path.write_text(as_run(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
