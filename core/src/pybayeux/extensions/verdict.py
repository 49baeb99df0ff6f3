"""What becomes of the result and of the exception of one implementation.

Owns the rule of each hook: whether it knows a veto, and whether an exception ends the call or is reported.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from ..errors import ExtensionHookError
from ..hookspecs import Drop
from .catalogue import shape_of
from .texts import described

__all__ = ("Judge", "Report", "Veto", "log_error")

Report: TypeAlias = Callable[[ExtensionHookError], None]
"""Is told of an error that must not stop the call."""

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
        """What a result that is not None means: a veto with its author, or a value where the hook knows one."""
        if isinstance(result, Veto):  # a wrapper hands on what an inner one decided
            return result
        shape = shape_of(self.hook)
        known = () if shape is None else shape.results
        if isinstance(result, known):
            return _veto(result, extension) if isinstance(result, Drop) else cast("Veto", result)
        if inspect.iscoroutine(result):
            result.close()  # it is reported as a wrong result: no second warning that nobody awaited it
        expected = " or ".join(["None", *(kind.__name__ for kind in known)])
        self.failure(extension, TypeError(f"{expected} expected, got {type(result).__name__}"))
        return None


def _veto(drop: Drop, extension: str) -> Veto:
    return Veto(drop.reason, extension, remedy=drop.remedy)
