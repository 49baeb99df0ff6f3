"""`pybayeux demo`: a client that recovers from faults without losing an event, on a server that it starts.

Owns the command's options, its folder and its exit codes. The demo itself is in the package `demo`.
"""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("demo",)

_EPILOG = """
\b
Faults:
  the server drops the session
  a reply with orders is lost
  the token expires
  the server restarts
  the listening client is killed, and started again from its store

\b
Examples:
  pybayeux demo
      Run for about twelve seconds, with fifty orders a second.
  pybayeux demo --seconds 60 --rate 500 --seed 7
      Run longer and faster, with other orders and other times.
  pybayeux demo --keep demo-files
      Keep the listener's positions, record and log.
  PYBAYEUX_DISABLE_EXTENSIONS=replay pybayeux demo
      See what is lost without replay.

\b
Exit codes:
  0    Every order was handled and is written once, or the output was closed.
  1    Orders were lost or written twice, or the demo could not start.
  130  Interrupted by Ctrl-C.
"""


def _new_folder(_context: click.Context, _option: click.Parameter, folder: Path | None) -> Path | None:
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(
            "expected a new or empty folder: positions of an earlier run are invalid on a new server"
        )
    return folder


@click.command(epilog=_EPILOG)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=11.0,
    show_default=True,
    metavar="SECONDS",
    help="How long orders are published; longer if a recovery takes longer.",
)
@click.option(
    "--rate", type=click.FloatRange(min=1), default=50.0, show_default=True, metavar="N", help="Orders a second."
)
@click.option(
    "--seed", default=0, show_default=True, metavar="N", help="Another seed has other orders and other times."
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    callback=_new_folder,
    metavar="FOLDER",
    help="Keep the listener's files here, in a new or empty folder.",
)
def demo(seconds: float, rate: float, seed: int, keep: Path | None) -> None:
    """Watch a client recover from faults without losing an event.

    Starts a server and publishes a stream of orders. A client listens in its own process, with replay from a SQLite
    file, acknowledgement and a token. Then one fault after the other happens, and you see how the client recovers. At
    the end the orders are counted: published, handled, lost, handled twice. The last is what can happen if a process is
    killed: an order was handled and its position not stored yet. So a second client writes the orders into a table, in
    the transaction that stores the position: exactly once.
    """
    from ..demo.process import ListenerDied
    from ..demo.run import Settings, run
    from ..demo.view import Screen

    try:
        with _folder(keep) as folder:
            settings = Settings(seconds=seconds, rate=rate, seed=seed, folder=folder)
            tally = asyncio.run(run(settings, Screen()))
    except BrokenPipeError:
        raise click.exceptions.Exit(0) from None
    except KeyboardInterrupt:
        raise click.exceptions.Exit(130) from None
    except (ListenerDied, OSError) as error:
        raise click.ClickException(str(error)) from error
    raise click.exceptions.Exit(0 if tally.is_good else 1)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="pybayeux-demo-") as name:
        yield Path(name)
