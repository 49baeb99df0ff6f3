"""Errors of hooks that come again and again: which of them are worth a line in the log.

Owns the counts. Two errors are the same if the hook, its extension and the type of the exception are. It does not log.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from ..errors import BayeuxError, ExtensionHookError

__all__ = ("RepeatedErrors",)

_Kind: TypeAlias = tuple[str | None, str | None, type]


class RepeatedErrors:
    """Counts errors. Those that are no hook's are all worth a line."""

    def __init__(self) -> None:
        self._counts: Final[dict[_Kind, int]] = {}
        self._untold: Final[dict[_Kind, BayeuxError]] = {}

    def text_of(self, error: BayeuxError) -> str | None:
        """The text to log: of the first of its kind, the tenth, the hundredth and so on. None for those between."""
        if not isinstance(error, ExtensionHookError):
            return str(error)
        kind = (error.extension, error.hook, type(error.__cause__))
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if str(count).strip("0") != "1":
            self._untold[kind] = error
            return None
        self._untold.pop(kind, None)
        return str(error) if count == 1 else f"{error} ({count} times by now)"

    def rest(self) -> list[str]:
        """What was counted and not told, the last error of each kind. The counts begin anew."""
        texts = [f"{error} ({self._counts[kind]} times in all)" for kind, error in self._untold.items()]
        self._counts.clear()
        self._untold.clear()
        return texts
