"""Helper: what the ``console`` blocks of a page show, a command behind ``$`` and its output.

    python -m tests.docs.console docs/command-line.md

writes the page anew, with the output that the commands have now.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

__all__ = ("as_run", "main")

_BLOCK: Final = re.compile(r"^```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)


def as_run(page: str) -> str:
    """A page's text with the output that its commands have now."""
    return _BLOCK.sub(lambda block: f"```console\n$ {block['command']}\n{_output(block['command'])}```", page)


def _output(command: str) -> str:
    program, *arguments = shlex.split(command)
    script = Path(sysconfig.get_path("scripts")) / program
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
    return subprocess.run(
        [script, *arguments],
        env=env | {"COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def main() -> None:
    """Write the pages anew that are named as arguments."""
    for path in map(Path, sys.argv[1:]):
        path.write_text(as_run(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
