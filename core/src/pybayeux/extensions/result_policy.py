"""`ResultPolicy`: what becomes of the results and the exceptions of a hook's implementations.

Owns the check of a result against what its hook may return, and the report of an exception. It does not know the hooks:
their facts are in `catalogue`.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from .._util.interruptions import is_interruption
from .._util.redact import Redactor
from ..errors import ExtensionHookError
from ..hookspecs import Drop, Redelivery

__all__ = ("Report", "ResultPolicy", "Veto", "format_exception", "log_error")

Report: TypeAlias = Callable[[ExtensionHookError], None]
"""Called with an error that must not stop the call."""

_logger: Final = logging.getLogger("pybayeux.extensions")
_redact: Final = Redactor()


@dataclass(frozen=True, slots=True)
class Veto(Drop):
    """A `Drop` with the extension that returned it.

    Attributes:
        extension: The name of the extension.
    """

    extension: str


def format_exception(error: BaseException) -> str:
    """Type and text of an exception in one line, without what looks like a secret."""
    return _redact(f"{type(error).__name__}: {error}")


def log_error(error: ExtensionHookError, text: str | None = None) -> None:
    """Report an error to the logger, with its cause; in other words, where they are given."""
    _logger.error("%s", text or error, exc_info=error.__cause__ or error)


@dataclass(frozen=True, slots=True)
class ResultPolicy:
    """What the implementations of one hook may return, and what becomes of their exceptions.

    Attributes:
        hook: The name of the hook.
        results: The types of the results that it takes beside None.
        report: Called with an exception, which then does not end the call. None: it ends the call.
    """

    hook: str
    results: tuple[type, ...]
    report: Report | None

    def fail(self, extension: str, error: BaseException) -> None:
        """Raise or report an exception, with the names of extension and hook."""
        if is_interruption(error):
            raise error
        text = f"extension {extension!r} failed in {self.hook}: {format_exception(error)}"
        fault = ExtensionHookError(text, extension=extension, hook=self.hook)
        if self.report is None:
            raise fault from error
        fault.__cause__ = error
        self.report(fault)

    def check(self, extension: str, result: object) -> Any:
        """The result to go on with: a `Drop` gets the name of its extension, a wrong result counts as None."""
        if isinstance(result, Veto):  # a wrapper returns what an inner implementation decided
            return result
        if isinstance(result, self.results):
            return self._signed(extension, result)
        if inspect.iscoroutine(result):
            result.close()  # it is reported as a wrong result: Python need not warn that it was never awaited
        expected = " or ".join(["None", *(kind.__name__ for kind in self.results)])
        self.fail(extension, TypeError(f"expected {expected}, got {type(result).__name__}"))
        return None

    def _signed(self, extension: str, result: object) -> object:
        """A result that is used after the call, with the name of its extension for what goes wrong then."""
        if isinstance(result, Drop):
            return Veto(result.reason, extension, remedy=result.remedy)
        if isinstance(result, Redelivery) and result.request is not None:
            return Redelivery(self._guarded(extension, result.request))
        return result

    def _guarded(self, extension: str, request: Callable[[], None]) -> Callable[[], None]:
        def call() -> None:
            try:
                request()
            except BaseException as error:
                self.fail(extension, error)

        return call
