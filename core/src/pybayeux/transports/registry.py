"""The registry of transports: the factories of each connection type, who registered them, which are used by default."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from ..errors import UsageError
from ..state import ConnectionType
from .callback_polling import CallbackPolling
from .long_polling import LongPolling
from .memory import MemoryTransport
from .options import bind_options, missing_options
from .websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .base import Transport, TransportFactory

__all__ = ("TransportRegistry",)


_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(frozen=True, slots=True)
class _Registered:
    """A factory, whether it is used by default, and the extension that registered it; None for the core's own."""

    factory: Callable[..., Transport]
    by_default: bool
    extension: str | None


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """What replaces factories, the one transport that it is for, and the extension that registered it."""

    function: Callable[[TransportFactory], Any]
    connection_type: str | None
    extension: str | None

    def apply(self, factory: TransportFactory, name: str) -> TransportFactory:
        """The factory to use instead; where the wrapper fails, the factory as it is, with a warning."""
        try:
            found: TransportFactory | None = self.function(factory)
            if callable(found):
                return found
            why = f"it returned {type(found).__name__}, not a factory"
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        _logger.warning("extension %r: its wrapper of the transport %r is left out: %s", self.extension, name, why)
        return factory


class TransportRegistry:
    """Factories of transports by connection type; extensions add theirs in the hook `register_transports`."""

    def __init__(self) -> None:
        self._registered: dict[str, list[_Registered]] = {}
        self._wrappers: list[_Wrapper] = []
        self._extension: str | None = None
        self.register(WebSocket.connection_type, WebSocket)
        self.register(LongPolling.connection_type, LongPolling)
        self.register(CallbackPolling.connection_type, CallbackPolling)
        self.register(MemoryTransport.connection_type, MemoryTransport, by_default=False)

    def attribute_to(self, extension: str) -> None:
        """What is registered from now on belongs to this extension. The framework calls it before each hook."""
        self._extension = extension

    def register(self, connection_type: str, factory: Callable[..., Transport], *, by_default: bool = True) -> None:
        """Have `factory` make the transports of this connection type, in place of the one registered before.

        Args:
            connection_type: The name, as in the handshake's `supportedConnectionTypes`.
            factory: Called with the `TransportContext`, and with the options that the user gave for it as keyword
                arguments; those it can take are its keyword parameters. One that cannot do without an option that was
                not given is left out, with a warning: the one registered before is used, if any.
            by_default: Whether clients use it where the user names no transports.
        """
        self._registered.setdefault(connection_type, []).append(_Registered(factory, by_default, self._extension))

    def wrap(self, wrapper: Callable[[TransportFactory], TransportFactory], connection_type: str | None = None) -> None:
        """Replace factories: `wrapper` takes the factory of a transport and returns the one to use instead.

        The wrapper registered last is called last, with what the others returned.

        Args:
            wrapper: Called with a factory that has its options bound.
            connection_type: The transport to wrap; by default all.
        """
        self._wrappers.append(_Wrapper(wrapper, connection_type, self._extension))

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
        given = options or {}
        chosen = self._defaults(by_polling) if names is None else dict.fromkeys(names)
        unknown = [name for name in (*chosen, *given) if name not in self._registered]
        if unknown or not chosen:
            raise UsageError(
                f"transports: expected some of {', '.join(sorted(self._registered))}; got {unknown or list(chosen)}"
            )
        found = {}
        for name, by_default in chosen.items():
            is_demanded = names is not None or name in given
            registered = by_default or self._registered[name]
            usable = _usable(name, registered, given.get(name, {}), is_demanded=is_demanded)
            if usable is not None:
                found[name] = self._made(name, usable, given.get(name, {}))
        return found

    def _made(self, name: str, registered: _Registered, options: Mapping[str, Any]) -> TransportFactory:
        factory = bind_options(name, registered.factory, options)
        for wrapper in self._wrappers:
            if wrapper.connection_type in (None, name):
                factory = wrapper.apply(factory, name)
        return factory

    def _defaults(self, by_polling: bool) -> dict[str, list[_Registered]]:
        left_out = {ConnectionType.WEBSOCKET} if by_polling else set()
        by_default = {name: [each for each in found if each.by_default] for name, found in self._registered.items()}
        return {name: found for name, found in by_default.items() if found and name not in left_out}


def _usable(
    name: str, registered: Sequence[_Registered], options: Mapping[str, Any], *, is_demanded: bool
) -> _Registered | None:
    """The one registered last that needs no other option, and a warning for each that was registered after it.

    Where there is none, the last one is used all the same if it is demanded: its error says what it lacks.
    """
    checked = ((each, _obstacle(each.factory, options)) for each in reversed(registered))
    left_out = list(takewhile(lambda each: each[1] is not None, checked))
    if is_demanded and len(left_out) == len(registered):
        return registered[-1]
    for each, why in left_out:
        _logger.warning("extension %r: its transport %r is left out, for %s", each.extension, name, why)
    usable = registered[: len(registered) - len(left_out)]
    return usable[-1] if usable else None


def _obstacle(factory: Callable[..., Transport], options: Mapping[str, Any]) -> str | None:
    """Why a factory cannot be used with these options and no others, or None."""
    try:
        missing = [option for option in missing_options(factory) if option not in options]
    except (TypeError, ValueError) as error:  # it cannot be called, or does not say how
        return f"it cannot be made: {error}"
    if not missing:
        return None
    return (
        f"it needs the option {missing[0]!r}: give it in transport_options=, or have the extension register it with "
        "by_default=False"
    )
