"""Standard error: log records, one line each.

Owns the handler of the command's log records and the texts for changes of the connection's state.
"""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from .._client.reporter import EXTENSIONS_LINE
from .._printable import printable
from ..errors import SessionEndedError
from ..extensions.tracing import TRACE_LOGGER, Step
from ..hookspecs import hookimpl
from ..state import ConnectionState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..client import AsyncClient
    from ..errors import BayeuxError
    from ..message import Message

__all__ = ("Watcher", "client_logger", "log_to_stderr", "set_verbosity")

_logger: Final = logging.getLogger("pybayeux.cli")
_package: Final = logging.getLogger("pybayeux")

client_logger: Final = logging.getLogger("pybayeux.cli.client")
"""The client's logger. It drops warnings: the `Watcher` logs them, except the one that ends the command."""
client_logger.addFilter(lambda record: record.levelno < logging.WARNING)
# Which extensions act is asked for with `pybayeux extensions`; here it would be a long line before each result.
client_logger.addFilter(lambda record: record.msg != EXTENSIONS_LINE or _package.isEnabledFor(logging.DEBUG))

_trace: Final = logging.getLogger(TRACE_LOGGER)
"""The logger of ``--trace``. It writes only if that option is given, so it does not depend on the verbosity."""
_trace.addFilter(lambda record: not _is_own(record))

_LEVELS: Final = {"quiet": logging.ERROR, "verbose": logging.DEBUG}
_COLOURS: Final = {
    logging.WARNING: "yellow",
    logging.ERROR: "red",
    logging.CRITICAL: "red",
    logging.DEBUG: "bright_black",
}
_STATE_TEXTS: Final = {
    ConnectionState.CONNECTED: "connected to %s",
    ConnectionState.UNCONNECTED: "lost the connection to %s, trying again",
    ConnectionState.REHANDSHAKING: "the session with %s was lost, starting a new one",
}


class _Stderr(logging.Handler):
    """Writes each record as one line, and its traceback only with ``-v``."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def emit(self, record: logging.LogRecord) -> None:
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


def set_verbosity(name: str) -> None:
    """Log only errors (``quiet``), or everything (``verbose``)."""
    _package.setLevel(_LEVELS[name])


def _is_own(record: logging.LogRecord) -> bool:
    """Whether a record traces a hook of the `Watcher`, which is part of the command and of no interest to its user."""
    steps = record.args if isinstance(record.args, tuple) else ()
    return any(isinstance(step, Step) and step.extension == Watcher.name for step in steps)


class Watcher:
    """An extension that logs the states and errors of its client and, with ``-v``, its messages.

    Attributes:
        name: The name of the extension.
        last_failure: The last error that the client reported, or None.
    """

    name: Final = "command-line"

    def __init__(self) -> None:
        self.last_failure: BayeuxError | None = None

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: AsyncClient) -> None:
        """Log every change for debugging, and those that matter to every user as information."""
        _logger.debug("%s -> %s", old.value, new.value)
        if new in _STATE_TEXTS:
            _logger.info(_STATE_TEXTS[new], client.url.partition("?")[0])

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Keep the error, and log it unless it ends the command, which then shows it."""
        self.last_failure = error
        if not isinstance(error, SessionEndedError):
            _logger.log(logging.INFO if error.routine else logging.WARNING, "%s", error)

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Log a message as it is sent."""
        _logger.debug("-> %r", message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Log a message as it was received."""
        _logger.debug("<- %r", message)
