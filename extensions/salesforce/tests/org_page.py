"""Helper: what the ``console`` blocks of the page about orgs show, run against ``pybayeux serve --salesforce``.

    python -m extensions.salesforce.tests.org_page

writes the page anew, with the output that the commands have now.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from tests.docs.markdown import ROOT, blocks
from tests.support.command_line import run_in_process

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("PAGE", "as_run", "define_objects", "served_org")

PAGE: Final = ROOT / "docs" / "salesforce-org.md"
_BLOCK: Final = re.compile(r"^```console\n\$ (?P<command>[^\n]+)\n(?P<output>.*?)^```$", re.MULTILINE | re.DOTALL)
_ADDRESS: Final = "localhost:8080"


@contextmanager
def served_org(folder: Path) -> Iterator[tuple[str, str]]:
    """Run ``pybayeux serve --salesforce`` and yield its host and port, and a token."""
    # Its own output is not collected by the helper for commands, which looks for secrets: it shows some on purpose.
    command = [sys.executable, "-m", "pybayeux", "serve", "--salesforce", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as server:
        try:
            assert server.stdout is not None
            lines = [server.stdout.readline()]
            while "PYBAYEUX_AUTH_TOKEN" not in lines[-1]:
                lines.append(server.stdout.readline())
                assert lines[-1], "the server has ended"
            yield httpx.URL(lines[0].split()[3]).netloc.decode(), lines[-1].split("'")[1]
        finally:
            server.terminate()
            server.communicate()


def define_objects(page: Path, at: str) -> None:
    """Run the ``curl`` commands of the page."""
    for block in blocks(page, "sh"):
        if block.source.startswith("curl"):
            _, _, method, url, _, content = shlex.split(block.source)
            httpx.request(method, f"http://{url.replace(_ADDRESS, at)}", content=content).raise_for_status()


def as_run(page: Path, folder: Path) -> str:
    """Return a page's text with the output that its commands have now."""
    with served_org(folder) as (at, token):
        define_objects(page, at)
        environment = {"PYBAYEUX_AUTH_TOKEN": token, "COLUMNS": "100"}

        def run(block: re.Match[str]) -> str:
            program, *words = shlex.split(block["command"].replace(_ADDRESS, at))
            assert program == "pybayeux"
            ended = run_in_process(*words, folder=folder, environment=environment)
            assert ended.code == 0, ended.err
            output = "".join(f"{line}\n" for line in ended.out)
            return f"```console\n$ {block['command']}\n{output}```"

        return _BLOCK.sub(run, page.read_text(encoding="utf-8"))


def main() -> None:
    """Write the page anew."""
    with tempfile.TemporaryDirectory() as folder:
        text = as_run(PAGE, Path(folder))
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
