"""The command line of fuzzing: its options, its texts and its exit codes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from tests.fuzz.corpus import FOLDER
from tests.fuzz.drivers import has_atheris, run_atheris, run_hypothesis

__all__ = ("fuzz",)

_TARGETS: Final = sorted(path.name for path in FOLDER.iterdir())

_EPILOG: Final = """
\b
Examples:
  uv run --with atheris python -m tests.fuzz decoder --seconds 60
      Fuzz the decoder for a minute, guided by coverage.
  uv run --with atheris python -m tests.fuzz client --seconds 600 --keep found
      Keep the inputs that reach new code, and one that fails, in the folder "found".
  uv run python -m tests.fuzz session
      Without Atheris: change the kept inputs at random.

\b
Exit codes:
  0   No input failed.
  1   An input failed; the traceback is shown (77 with Atheris, 70 if it hangs).
"""


@click.command(epilog=_EPILOG)
@click.argument("target", type=click.Choice(_TARGETS))
@click.option("--seconds", type=click.IntRange(min=1), default=60, show_default=True, help="How long to run.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Keep what Atheris finds here.  [default: a temporary folder]",
)
def fuzz(target: str, seconds: int, keep: Path | None) -> None:
    """Look for input of a server that breaks what must hold.

    An input that fails belongs into tests/fuzz/corpus/TARGET, with a test beside the code that it broke.
    """
    if has_atheris():
        run_atheris(target, seconds, keep)
        return
    click.echo("Atheris is not installed, so inputs are made at random; uv run --with atheris ... is better.")
    from tests.fuzz.targets import TARGETS

    click.echo(f"{run_hypothesis(target, seconds, TARGETS[target])} inputs, none failed.")
