"""Exit codes, and how an error becomes one line of text and an exit code.

Every expected error passes through `exit_on_error`. An error that it does not catch is a bug and keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from .._printable import printable
from ..errors import BayeuxError, ExtensionOptionError, UsageError
from .stderr_log import log_failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import IO

__all__ = ("EXIT_CODES", "Failure", "WrongUsage", "exit_on_error")

_INTERRUPTED: Final = 130

EXIT_CODES: Final = """
\b
Exit codes:
  0    Done, or the reader of the output has closed it.
  1    The server refused, could not be reached, or the session ended.
  2    Wrong usage, or a wrong option of an extension.
  130  Interrupted by Ctrl-C (143 by SIGTERM), after a disconnect.
"""


class Failure(click.ClickException):
    """An error shown in one line: the server refused, could not be reached, or ended the session."""

    exit_code = 1

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))

    def show(self, file: IO[Any] | None = None) -> None:
        """Show it as a line of the log's format."""
        if not log_failure(self.message):
            super().show(file)


class WrongUsage(Failure):
    """An error shown in one line: the command line is wrong."""

    exit_code = 2


@contextmanager
def exit_on_error(redact: Callable[[str], str]) -> Iterator[None]:
    """End the command with one line and an exit code if an expected error is raised in this block.

    Args:
        redact: Removes secrets from a text.
    """
    try:
        yield
    except (UsageError, ExtensionOptionError) as error:
        raise WrongUsage(redact(str(error))) from error
    except BayeuxError as error:
        raise Failure(redact(str(error))) from error
    except BrokenPipeError:
        _forget_stdout()
        raise click.exceptions.Exit(0) from None
    except OSError as error:
        raise Failure(redact(str(error))) from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(_INTERRUPTED) from None


def _forget_stdout() -> None:
    """Point standard output to nowhere: Python flushes its buffer at exit, which would fail once more."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
