"""Whether anything is recorded: whether there is a provider of traces or of metrics, given or global.

A program can set a global provider at any time, but only once. So the question is asked again, though not for each
event, until the answer is yes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Provider",)

_EVERY: Final = 0.1
"""Seconds until the global provider is looked at again. A look takes a microsecond."""

_API: Final = ("opentelemetry.metrics", "opentelemetry.trace")
"""The modules with the providers that do nothing: the proxies of those to come, and the explicit ones."""


class Provider:
    """The provider of traces, or of metrics, of one client.

    Args:
        given: The one that was given, or None for the global one.
        find: Returns the global one.
        clock: Returns a time in seconds that never goes back.
    """

    def __init__(
        self, given: object | None, find: Callable[[], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._given: Final = given
        self._find: Final = find
        self._clock: Final = clock
        self._records = False
        self._look_at = float("-inf")

    def records(self) -> bool:
        """Return whether it may record something. A global one counts a tenth of a second after it was set."""
        if not self._records and (now := self._clock()) >= self._look_at:
            self._look_at = now + _EVERY
            provider = self._find() if self._given is None else self._given
            self._records = not type(provider).__module__.startswith(_API)
        return self._records
