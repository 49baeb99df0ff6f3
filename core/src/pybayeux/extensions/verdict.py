"""What becomes of the result and of the exception of one implementation.

Owns the rule of each hook: whether it knows a veto, and whether an exception ends the call or is reported.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from ..errors import ExtensionHookError
from ..hookspecs import Drop
from .texts import described

__all__ = ("Judge", "Report", "Veto", "log_error")

Report: TypeAlias = Callable[[ExtensionHookError], None]
"""Is told of an error that must not stop the call."""

_VETOED: Final = frozenset({"outgoing", "incoming"})

_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(frozen=True, slots=True)
class Veto(Drop):
    """A `Drop` with its author.

    Attributes:
        extension: The name of the extension that dropped the message.
    """

    extension: str


def log_error(error: ExtensionHookError) -> None:
    """Report an error to the logger, with its cause."""
    _logger.error("%s", error, exc_info=error.__cause__ or error)


@dataclass(frozen=True, slots=True)
class Judge:
    """The rule of one hook.

    Attributes:
        hook: The name of the hook.
        report: Is told of an exception, which then does not end the call. None: it ends the call.
    """

    hook: str
    report: Report | None

    def failure(self, extension: str, error: Exception) -> None:
        """Raise the error or report it, with the names of extension and hook."""
        text = f"extension {extension!r} failed in {self.hook}: {described(error)}"
        fault = ExtensionHookError(text, extension=extension, hook=self.hook)
        if self.report is None:
            raise fault from error
        fault.__cause__ = error
        self.report(fault)

    def verdict(self, extension: str, result: object) -> Veto | None:
        """The veto in a result that is not None."""
        if isinstance(result, Veto):  # a wrapper hands on what an inner one decided
            return result
        if isinstance(result, Drop) and self.hook in _VETOED:
            return Veto(result.reason, extension)
        if inspect.iscoroutine(result):
            result.close()  # it is reported as a wrong result: no second warning that nobody awaited it
        expected = "None or Drop" if self.hook in _VETOED else "None"
        self.failure(extension, TypeError(f"{expected} expected, got {type(result).__name__}"))
        return None
