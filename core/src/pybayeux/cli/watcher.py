"""`Watcher`: the extension that logs the states, errors and messages of a client, for standard error.

Owns the texts for changes of the connection's state, and the logger of the client. It does not know how a record is
written.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from .._client.reporter import EXTENSIONS_LINE
from .._util.repeated_errors import RepeatedErrors
from ..errors import SessionEndedError
from ..extensions.tracing import TRACE_LOGGER, Step
from ..hookspecs import hookimpl
from ..state import ConnectionState

if TYPE_CHECKING:
    from ..client import AsyncClient
    from ..errors import BayeuxError
    from ..message import Message

__all__ = ("Watcher", "client_logger", "trace_logger")

_logger: Final = logging.getLogger("pybayeux.cli")
_package: Final = logging.getLogger("pybayeux")

client_logger: Final = logging.getLogger("pybayeux.cli.client")
"""The client's logger. It drops warnings: the `Watcher` logs them, except the one that ends the command."""
client_logger.addFilter(lambda record: record.levelno < logging.WARNING)
# Which extensions act is asked for with `pybayeux extensions`; here it would be a long line before each result.
client_logger.addFilter(lambda record: record.msg != EXTENSIONS_LINE or _package.isEnabledFor(logging.DEBUG))

_STATE_TEXTS: Final = {
    ConnectionState.CONNECTED: "connected to %s",
    ConnectionState.UNCONNECTED: "lost the connection to %s, trying again",
    ConnectionState.REHANDSHAKING: "the session with %s was lost, starting a new one",
}


trace_logger: Final = logging.getLogger(TRACE_LOGGER)
"""The logger of the calls of hooks. It drops those of the `Watcher`."""


class Watcher:
    """An extension that logs the states and errors of its client and, with ``-v``, its messages.

    Attributes:
        name: The name of the extension.
        last_failure: The last error that the client reported, or None.
    """

    name: Final = "command-line"

    def __init__(self) -> None:
        self.last_failure: BayeuxError | None = None
        self._repeated: Final = RepeatedErrors()

    @hookimpl
    def state_changed(self, old: ConnectionState, new: ConnectionState, client: AsyncClient) -> None:
        """Log every change for debugging, and those that matter to every user as information."""
        _logger.debug("%s -> %s", old.value, new.value)
        if new in _STATE_TEXTS:
            _logger.info(_STATE_TEXTS[new], client.url.partition("?")[0], extra={"state": new.value})

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        """Keep the error, and log it unless it ends the command, which then shows it, or was logged before."""
        self.last_failure = error
        if not isinstance(error, SessionEndedError) and (text := self._repeated.text_of(error)) is not None:
            level, fields = logging.INFO if error.routine else logging.WARNING, {"error_type": type(error).__name__}
            _logger.log(level, "%s", text, extra=fields)

    @hookimpl
    def unregistered(self) -> None:
        """Log how often errors came that were counted."""
        for text in self._repeated.rest():
            _logger.warning("%s", text)

    @hookimpl(trylast=True)
    def outgoing(self, message: Message) -> None:
        """Log a message as it is sent."""
        _logger.debug("-> %r", message)

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message) -> None:
        """Log a message as it was received."""
        _logger.debug("<- %r", message)


def _is_own(record: logging.LogRecord) -> bool:
    """Whether a record traces a hook of the `Watcher`, which is part of the command and of no interest to its user."""
    steps = record.args if isinstance(record.args, tuple) else ()
    return any(isinstance(step, Step) and step.extension == Watcher.name for step in steps)


trace_logger.addFilter(lambda record: not _is_own(record))
