"""Reports of errors that the client deals with by itself: to the logger, and to the hook `failed`."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from .._util.repeated_errors import RepeatedErrors

if TYPE_CHECKING:
    from .._util.redact import Redactor
    from ..errors import BayeuxError
    from .config import ClientConfig

__all__ = ("EXTENSIONS_LINE", "FailureObserver", "Reporter")

EXTENSIONS_LINE: Final = "extensions: %s"
"""What is logged at the start: which extensions act."""

_LONGEST: Final = 1000
"""Characters of an error's text in the log."""


class FailureObserver(Protocol):
    """Is told of every error that is reported: the extensions."""

    def failed(self, error: BayeuxError) -> None:
        """An error was reported."""


class Reporter:
    """The one place that errors are reported to.

    Args:
        config: Has the logger, and says which errors to ignore.
        redact: Takes secrets out of texts.

    Attributes:
        observer: Is told of every error. It is set once: the hooks are made after the reporter, for they report too.
    """

    def __init__(self, config: ClientConfig, redact: Redactor) -> None:
        self._logger: Final = config.logger
        self._is_ignored: Final = config.ignore_error
        self._redact: Final = redact
        self.observer: FailureObserver | None = None
        self._last = ""
        self._is_silent = False
        self._repeated: Final = RepeatedErrors()

    def start(self) -> None:
        """Another life of the client begins."""
        self._last = ""

    @property
    def last_failure(self) -> str:
        """The end of a message about something that did not happen in time: what was reported last."""
        if self._last:
            return f"; the last failure: {self._last}"
        return "; no failure was reported: the server may not answer, or a hook may never return"

    def silence(self) -> None:
        """Report nothing any more: the program ends."""
        self._is_silent = True

    def report(self, error: BayeuxError) -> None:
        """Report an error, unless the user ignores it. The same error of one hook is logged once, then counted."""
        self._last = self._redact(f"{type(error).__name__}: {error}", limit=_LONGEST)
        if self._is_silent or self._is_ignored(error):
            return
        if (text := self._repeated.text_of(error)) is not None:
            level, name = logging.INFO if error.routine else logging.WARNING, type(error).__name__
            fields = {"error_type": name}
            self._logger.log(level, "%s: %s", name, self._redact(text, limit=_LONGEST), extra=fields)
        if self.observer is not None:
            self.observer.failed(error)

    def finish(self) -> None:
        """Log how often errors came that were counted: this life of the client is over."""
        for text in self._repeated.rest():
            self.warn(text)

    def warn(self, text: str) -> None:
        """Log a warning about something that is no error, such as a hook that blocks the event loop."""
        if not self._is_silent:
            self._logger.warning("%s", self._redact(text, limit=_LONGEST))

    def note(self, text: str, detail: str) -> None:
        """Log something that is no error, such as a new handshake that an extension asked for."""
        self._logger.info(text, self._redact(detail, limit=_LONGEST))
