"""The order of extensions that the user asks for, over that of their names.

Those named come first, as named: the first is nearest to the wire. The others follow as they were. Knows names alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from .candidates import unknown_extension
from .choices import configured_order
from .discovery import warn_once
from .names import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("UserOrder",)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


class UserOrder:
    """Sorts extensions.

    Args:
        names: Names of extensions; without any, those in the environment, else those in the configuration file.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        given = tuple(names)
        self._names, self._place = (given, "order") if given else configured_order()

    def sort(self, extensions: Iterable[T]) -> list[T]:
        """The extensions in this order."""
        places = {name: place for place, name in reversed([*enumerate(map(canonical, self._names))])}
        return sorted(extensions, key=lambda each: places.get(canonical(each.name), len(places)))

    def warn_of_unknown(self, known: Iterable[str]) -> None:
        """Warn of names that are none of `known`."""
        names = set(known)
        for name in self._names:
            if canonical(name) not in set(map(canonical, names)):
                warn_once(f"{self._place}: extension {name!r} is to be ordered, but {unknown_extension(name, names)}")
