"""The gauge of how far receivers are behind.

It is read when metrics are collected, so that an event costs nothing, and one that is stuck shows though nothing
happens. A meter provider has one such gauge for all clients: of one that is made twice the SDK keeps the first alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from opentelemetry import metrics

from pybayeux import AsyncClient

from . import conventions as names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pybayeux import HookClient

    Attributes = Mapping[str, str]

__all__ = ("LagGauge",)


class LagGauge:
    """The gauge of one meter provider.

    Args:
        provider: Creates the instrument; None for the global one.
    """

    def __init__(self, provider: metrics.MeterProvider | None) -> None:
        self._clients: Final[WeakKeyDictionary[Any, Callable[[str], Attributes]]] = WeakKeyDictionary()
        metrics.get_meter(names.NAME, meter_provider=provider).create_observable_gauge(
            "bayeux.client.events.behind",
            [self._observe],
            "s",
            "Age of the oldest event received and not handled; 0 where none waits",
        )

    @classmethod
    def of(cls, provider: metrics.MeterProvider | None) -> LagGauge:
        """Return the gauge of a provider, made at the first call."""
        key = metrics.get_meter_provider() if provider is None else provider
        if key not in _gauges:
            _gauges[key] = cls(provider)
        return _gauges[key]

    def add(self, client: HookClient, attributes_of: Callable[[str], Attributes]) -> None:
        """Observe a client.

        Args:
            client: The client. One that handles no events, such as `BayeuxClient`, has no lag.
            attributes_of: Returns the attributes of a channel.
        """
        if isinstance(client, AsyncClient):
            self._clients[client] = attributes_of

    def remove(self, client: HookClient) -> None:
        """Observe a client no more."""
        self._clients.pop(client, None)

    def _observe(self, _options: metrics.CallbackOptions) -> Iterable[metrics.Observation]:
        """Of several clients of a channel, and of the channels that share their attributes, the slowest counts."""
        lags: dict[tuple[tuple[str, str], ...], float] = {}
        for client, attributes_of in list(self._clients.items()):
            for channel, lag in client.health.lag.items():
                key = tuple(attributes_of(channel).items())
                lags[key] = max(lag, lags.get(key, 0.0))
        return [metrics.Observation(lag, dict(key)) for key, lag in lags.items()]


_gauges: Final[WeakKeyDictionary[metrics.MeterProvider, LagGauge]] = WeakKeyDictionary()
