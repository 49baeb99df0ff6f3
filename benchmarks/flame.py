"""Flame graphs: where the time of a client goes while it is measured, as py-spy samples it."""

from __future__ import annotations

import argparse
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.cases import CASES
from benchmarks.clients import ALL, CLIENTS, CORE
from benchmarks.measure import measure
from benchmarks.servers import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

_FOLDER: Final = Path(__file__).parents[1] / "docs" / "images"
_OPTIONS: Final = ("--rate", "1000", "--function")
"""A row of the picture is a function, not a line. The client is stopped for each sample: without that, samples fail
while Python code runs, and system calls seem to take three times what they do."""
PICTURES: Final = {
    "flame-long-polling": ("bulk-long-polling", CORE, 300_000),
    "flame-websocket": ("bulk-websocket", ALL, 200_000),
}
"""Their case, client and events."""


def main() -> None:
    """Draw the pictures of docs/performance.md."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.flame",
        description=f"Draws {' and '.join(PICTURES)} into docs/images, as SVG. Run it with: uv run --with py-spy",
    ).parse_args()
    with running("CometD") as server:
        for name, (case, client, count) in PICTURES.items():
            found = measure(CASES[case], CLIENTS[client], server, count, _sampled(_FOLDER / f"{name}.svg"))
            print(f"{name}: {found.processor:,.2f} us of processor time an event, while sampled")


def _sampled(file: Path) -> Callable[[int], AbstractContextManager[None]]:
    @contextmanager
    def sampling(process_id: int) -> Iterator[None]:
        command = ["py-spy", "record", *_OPTIONS, "--format", "flamegraph", "--output", file.name]
        # In its folder: the picture's title is the command.
        spy = subprocess.Popen([*command, "--pid", str(process_id)], cwd=file.parent, stdout=subprocess.DEVNULL)
        try:
            yield
        finally:
            spy.send_signal(signal.SIGINT)  # it writes the picture when it is interrupted
            spy.wait()

    return sampling


if __name__ == "__main__":
    main()
