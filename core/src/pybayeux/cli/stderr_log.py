"""Standard error: log records, one line each.

Owns the handler of the command's log records. It does not know what they are about.
"""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from .._printable import printable
from .progress import clear_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..json_log import JsonFormatter

__all__ = ("log_failure", "log_nothing", "log_to_stderr", "set_format", "set_verbosity")

_logger: Final = logging.getLogger("pybayeux.cli")
_package: Final = logging.getLogger("pybayeux")

_trace: Final = logging.getLogger("pybayeux.trace")  # TRACE_LOGGER, whose module is slow to import
"""The logger of ``--trace``. It writes only if that option is given, so it does not depend on the verbosity."""

_LEVELS: Final = {"quiet": logging.ERROR, "verbose": logging.DEBUG}
_COLOURS: Final = {
    logging.WARNING: "yellow",
    logging.ERROR: "red",
    logging.CRITICAL: "red",
    logging.DEBUG: "bright_black",
}


class _Stderr(logging.Handler):
    """Writes each record as one line: of text, with its traceback only with ``-v``, or of JSON."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact
        self._json: JsonFormatter | None = None

    @property
    def is_json(self) -> bool:
        return self._json is not None

    def set_json(self, wanted: bool) -> None:
        self._json = _json_formatter(self._redact) if wanted else None

    def emit(self, record: logging.LogRecord) -> None:
        clear_progress()
        if self._json is not None:
            click.echo(self._json.format(record), err=True)
        else:
            self._write_text(record)

    def _write_text(self, record: logging.LogRecord) -> None:
        label = f"{record.levelname.lower()}: " if record.levelno >= logging.WARNING else ""
        text = printable(self._redact(f"{label}{record.getMessage()}"))
        at = time.strftime("%H:%M:%S", time.localtime(record.created))
        click.secho(f"{at} {text}", err=True, fg=_COLOURS.get(record.levelno))
        if record.exc_info and _package.isEnabledFor(logging.DEBUG):
            trace = "".join(traceback.format_exception(record.exc_info[1]))
            click.echo("\n".join(map(printable, self._redact(trace).splitlines())), err=True)


@contextmanager
def log_to_stderr(redact: Callable[[str], str]) -> Iterator[None]:
    """Write log records to standard error within this block.

    Args:
        redact: Removes secrets from a text.
    """
    root, handler, levels = logging.getLogger(), _Stderr(redact), (_package.level, _trace.level)
    root.addHandler(handler)
    _package.setLevel(logging.INFO)
    _trace.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        _package.setLevel(levels[0])
        _trace.setLevel(levels[1])


@contextmanager
def log_nothing() -> Iterator[None]:
    """Write no log records within this block."""
    root, handler = logging.getLogger(), logging.NullHandler()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)


def set_verbosity(name: str) -> None:
    """Log only errors (``quiet``), or everything (``verbose``)."""
    _package.setLevel(_LEVELS[name])


def set_format(name: str) -> None:
    """Write log records as ``text``, or as ``json``."""
    for each in _handlers():
        each.set_json(name == "json")


def log_failure(text: str) -> bool:
    """Log the error that ends the command, where the log is JSON; return whether it was."""
    if not any(each.is_json for each in _handlers()):
        return False
    _logger.error("%s", text)
    return True


def _json_formatter(redact: Callable[[str], str]) -> JsonFormatter:
    from ..json_log import JsonFormatter  # slow to import

    return JsonFormatter(redact)


def _handlers() -> list[_Stderr]:
    return [each for each in logging.getLogger().handlers if isinstance(each, _Stderr)]
