"""The transports that a client knows, by connection type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from .long_polling import LongPolling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .base import TransportFactory

__all__ = ("TransportRegistry",)


class TransportRegistry:
    """Connection types and what makes their transports; extensions add to it in `register_transports`."""

    def __init__(self) -> None:
        self._factories: dict[str, TransportFactory] = {LongPolling.connection_type: LongPolling}

    def register(self, connection_type: str, factory: TransportFactory) -> None:
        """Let `factory` make the transports of this connection type, instead of what did before."""
        self._factories[connection_type] = factory

    def select(self, names: Sequence[str] | None) -> dict[str, TransportFactory]:
        """The transports to use, in the order of preference; all that are known where no names are given.

        Raises:
            UsageError: A name is unknown, or there is none.
        """
        chosen = list(self._factories) if names is None else list(names)
        unknown = [name for name in chosen if name not in self._factories]
        if unknown or not chosen:
            known = ", ".join(sorted(self._factories))
            raise UsageError(f"transports={chosen}: known are {known}")
        return {name: self._factories[name] for name in chosen}
