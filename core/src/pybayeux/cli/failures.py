"""Exit codes, and how an error becomes one line and one of them.

Every expected error passes `told`; what passes it untouched is a mistake in this program and keeps its traceback.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from ..errors import BayeuxError, ExtensionOptionError, UsageError
from .printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("EXIT_CODES", "Failure", "WrongUsage", "told")

_INTERRUPTED: Final = 130

EXIT_CODES: Final = """
\b
Exit codes:
  0    Done, or nobody reads the output any more.
  1    The server refused, could not be reached, or the session ended.
  2    Wrong usage, or a wrong option of an extension.
  130  Interrupted by Ctrl-C (143 by SIGTERM), after a disconnect.
"""


class Failure(click.ClickException):
    """An error told in one line: the server refused, could not be reached, or ended the session."""

    exit_code = 1

    def __init__(self, text: str) -> None:
        super().__init__(printable(text))


class WrongUsage(Failure):
    """An error told in one line: what was asked for makes no sense."""

    exit_code = 2


@contextmanager
def told(redact: Callable[[str], str]) -> Iterator[None]:
    """Let expected errors in this block end the command in one line.

    Args:
        redact: Takes secrets out of a text.
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
    """What is left in the buffer would fail once more when Python flushes it at its end."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
