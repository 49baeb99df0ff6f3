"""Whether anything is recorded: whether there is a provider of telemetry, given or global.

A program can set the global providers at any time, but only once. So the question is asked again, though not for each
event, until the answer is yes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from opentelemetry import metrics, trace

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Providers",)

_EVERY: Final = 0.1
"""Seconds until the global providers are looked at again. A look takes a microsecond."""

_API: Final = ("opentelemetry.metrics", "opentelemetry.trace")
"""The modules with the providers that do nothing: the proxies of those to come, and the explicit ones."""


class Providers:
    """The providers of one client.

    Args:
        tracer_provider: The one that was given, or None for the global one.
        meter_provider: The one that was given, or None for the global one.
        clock: Returns a time in seconds that never goes back.
    """

    def __init__(
        self,
        tracer_provider: trace.TracerProvider | None,
        meter_provider: metrics.MeterProvider | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tracer_provider: Final = tracer_provider
        self._meter_provider: Final = meter_provider
        self._clock: Final = clock
        self._record = False
        self._look_at = float("-inf")

    def record(self) -> bool:
        """Return whether one of them may record something. A global one counts a tenth of a second after it was set."""
        if not self._record and (now := self._clock()) >= self._look_at:
            self._look_at = now + _EVERY
            tracers = self._tracer_provider or trace.get_tracer_provider()
            meters = self._meter_provider or metrics.get_meter_provider()
            self._record = not (_is_of_api(tracers) and _is_of_api(meters))
        return self._record


def _is_of_api(provider: object) -> bool:
    return type(provider).__module__.startswith(_API)
