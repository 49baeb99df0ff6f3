"""The transports that a client knows, by connection type, and the options that each of them takes."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Final, get_type_hints

from ..conversion import ConversionError, convert
from ..errors import UsageError
from .long_polling import LongPolling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .base import Transport, TransportFactory

__all__ = ("TransportRegistry",)

_URL: Final = "url"
"""Every transport may have an address of its own; the client sees to that."""


class TransportRegistry:
    """Connection types and what makes their transports; extensions add to it in `register_transports`."""

    def __init__(self) -> None:
        self._factories: dict[str, Callable[..., Transport]] = {LongPolling.connection_type: LongPolling}

    def register(self, connection_type: str, factory: Callable[..., Transport]) -> None:
        """Let `factory` make the transports of this connection type, instead of what did before.

        It is called with the `TransportContext`, and with the options that the user gave for it as keyword arguments;
        those it can take are its keyword parameters.
        """
        self._factories[connection_type] = factory

    def select(
        self, names: Sequence[str] | None, options: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, TransportFactory]:
        """The transports to use, in the order of preference; all that are known where no names are given.

        Raises:
            UsageError: A name or an option is unknown, a value is wrong, or there is no name.
        """
        chosen = list(self._factories) if names is None else list(names)
        unknown = [name for name in (*chosen, *(options or {})) if name not in self._factories]
        if unknown or not chosen:
            known = ", ".join(sorted(self._factories))
            raise UsageError(f"transports={unknown or chosen}: known are {known}")
        return {name: self._bound(name, (options or {}).get(name, {})) for name in chosen}

    def _bound(self, name: str, options: Mapping[str, Any]) -> TransportFactory:
        factory = self._factories[name]
        given = {option: value for option, value in options.items() if option != _URL}
        if not given:
            return factory
        types = _option_types(factory)
        for option in given:
            if option not in types:
                raise UsageError(f"transport {name!r} has no option {option!r}; known are {', '.join((*types, _URL))}")
        try:
            return partial(factory, **{option: convert(value, types[option]) for option, value in given.items()})
        except ConversionError as error:
            raise UsageError(f"transport {name!r}: {error}") from error


def _option_types(factory: Callable[..., Transport]) -> dict[str, Any]:
    parameters = list(inspect.signature(factory).parameters)[1:]
    hints = get_type_hints(factory.__init__ if inspect.isclass(factory) else factory)
    return {name: hints.get(name, Any) for name in parameters}
