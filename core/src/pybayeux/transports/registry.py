"""The registry of transports: the factory of each connection type, and which are used by default."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..state import ConnectionType
from .callback_polling import CallbackPolling
from .long_polling import LongPolling
from .memory import MemoryTransport
from .options import bind_options
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .base import Transport, TransportFactory

__all__ = ("TransportRegistry",)


class TransportRegistry:
    """Factories of transports by connection type; extensions add theirs in the hook `register_transports`."""

    def __init__(self) -> None:
        self._factories: dict[str, Callable[..., Transport]] = {}
        self._by_default: dict[str, bool] = {}
        self._wrappers: list[tuple[str | None, Callable[[TransportFactory], TransportFactory]]] = []
        self.register(WebSocket.connection_type, WebSocket)
        self.register(LongPolling.connection_type, LongPolling)
        self.register(CallbackPolling.connection_type, CallbackPolling)
        self.register(MemoryTransport.connection_type, MemoryTransport, by_default=False)

    def register(self, connection_type: str, factory: Callable[..., Transport], *, by_default: bool = True) -> None:
        """Have `factory` make the transports of this connection type, in place of the one registered before.

        Args:
            connection_type: The name, as in the handshake's `supportedConnectionTypes`.
            factory: Called with the `TransportContext`, and with the options that the user gave for it as keyword
                arguments; those it can take are its keyword parameters.
            by_default: Whether clients use it where the user names no transports.
        """
        self._factories[connection_type] = factory
        self._by_default[connection_type] = by_default

    def wrap(self, wrapper: Callable[[TransportFactory], TransportFactory], connection_type: str | None = None) -> None:
        """Replace factories: `wrapper` takes the factory of a transport and returns the one to use instead.

        The wrapper registered last is called last, with what the others returned.

        Args:
            wrapper: Called with a factory that has its options bound.
            connection_type: The transport to wrap; by default all.
        """
        self._wrappers.append((connection_type, wrapper))

    def select(
        self,
        names: Sequence[str] | None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        by_polling: bool = False,
    ) -> dict[str, TransportFactory]:
        """The factories of the transports to use, by name, in the order of preference.

        Args:
            names: The names, in the order of preference; None for all that are registered for use by default.
            options: The user's options, by the name of the transport.
            by_polling: Whether a WebSocket is used only where it is named: it does not go through an HTTP client of the
                user's, so the client's proxies and certificates do not apply to it, and it brings events unasked.

        Raises:
            UsageError: A name or an option is unknown, an option is missing or wrong, or there is no name.
        """
        chosen = self._defaults(by_polling) if names is None else list(names)
        unknown = [name for name in (*chosen, *(options or {})) if name not in self._factories]
        if unknown or not chosen:
            raise UsageError(
                f"transports: expected some of {', '.join(sorted(self._factories))}; got {unknown or chosen}"
            )
        return {name: self._made(name, (options or {}).get(name, {})) for name in chosen}

    def _made(self, name: str, options: Mapping[str, Any]) -> TransportFactory:
        factory = bind_options(name, self._factories[name], options)
        wrappers = [wrapper for wrapped, wrapper in self._wrappers if wrapped in (None, name)]
        return reduce(lambda inner, wrapper: wrapper(inner), wrappers, factory)

    def _defaults(self, by_polling: bool) -> list[str]:
        left_out = {ConnectionType.WEBSOCKET} if by_polling else set()
        return [name for name, is_default in self._by_default.items() if is_default and name not in left_out]
