"""Standard error: what the client goes through, one line each.

Owns the handler of the program's log records and the words for the states of a connection.
"""

from __future__ import annotations

import logging
import time
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from ..errors import SessionEndedError
from ..extensions.tracing import TRACE_LOGGER, Step
from ..hookspecs import hookimpl
from ..state import ConnectionState
from .printable import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..client import AsyncClient
    from ..errors import BayeuxError
    from ..message import Message

__all__ = ("Watcher", "client_logger", "set_verbosity", "telling")

_logger: Final = logging.getLogger("pybayeux.cli")
_package: Final = logging.getLogger("pybayeux")

client_logger: Final = logging.getLogger("pybayeux.cli.client")
"""For the client: the failures that it would log are the watcher's to tell, who knows which one ends the command."""
client_logger.addFilter(lambda record: record.levelno < logging.WARNING)

_trace: Final = logging.getLogger(TRACE_LOGGER)
"""Says something only where that was asked for, so it has its say whatever else is to be told."""
_trace.addFilter(lambda record: not _is_own(record))

_LEVELS: Final = {"quiet": logging.ERROR, "verbose": logging.DEBUG}
_COLOURS: Final = {
    logging.WARNING: "yellow",
    logging.ERROR: "red",
    logging.CRITICAL: "red",
    logging.DEBUG: "bright_black",
}
_NEWS: Final = {
    ConnectionState.CONNECTED: "connected to %s",
    ConnectionState.UNCONNECTED: "not connected to %s any more, trying again",
    ConnectionState.REHANDSHAKING: "the session with %s was lost, beginning a new one",
}


class _Stderr(logging.Handler):
    """Writes each record as one line; its traceback only where everything is to be told."""

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
def telling(redact: Callable[[str], str]) -> Iterator[None]:
    """Write log records to standard error, within this block.

    Args:
        redact: Takes secrets out of a text.
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
    """Tell errors alone (``quiet``), or everything (``verbose``)."""
    _package.setLevel(_LEVELS[name])


def _is_own(record: logging.LogRecord) -> bool:
    """Whether it traces the extension that tells: nobody asks for that."""
    steps = record.args if isinstance(record.args, tuple) else ()
    return any(isinstance(step, Step) and step.extension == Watcher.name for step in steps)


class Watcher:
    """An extension that tells of its client's states and, where everything is to be told, of its messages.

    Attributes:
        name: What it is registered as.
        last_failure: The last error that the client lived through, or None.
    """

    name: Final = "command-line"

    def __init__(self) -> None:
        self.last_failure: BayeuxError | None = None

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: AsyncClient) -> None:
        """Tell of those changes that matter to everybody, and of the others to those who want to know all."""
        _logger.debug("%s -> %s", old.value, new.value)
        if new in _NEWS:
            _logger.info(_NEWS[new], client.url.partition("?")[0])

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Note it, and tell it, unless it is the one that the command ends with."""
        self.last_failure = error
        if not isinstance(error, SessionEndedError):
            _logger.log(logging.INFO if error.routine else logging.WARNING, "%s", error)

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Tell of a message as it leaves."""
        _logger.debug("-> %r", message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Tell of a message as it came."""
        _logger.debug("<- %r", message)
