"""From the name of a store to the store: the schemes, those included that other packages bring.

Owns the form of the names. Touches no file and opens no connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from pybayeux.errors import UsageError

from .store import MemoryStore, Store

__all__ = ("StoreFactory", "Stores", "check_name")

StoreFactory: TypeAlias = Callable[[str], Store]
"""Makes a store of its whole name, such as ``redis://host/0``. It need not connect yet."""

_DATABASES: Final = frozenset({".db", ".sqlite", ".sqlite3"})
_SEPARATOR: Final = "://"


class Stores:
    """The kinds of stores that there are, by scheme. Extensions add theirs in the hook `register_stores`."""

    def __init__(self) -> None:
        self._factories: dict[str, StoreFactory] = {
            "memory": lambda name: MemoryStore(),
            "sqlite": _sqlite,
            "file": _file,
        }

    def knows(self, name: str) -> bool:
        """Whether there is somebody who opens this."""
        return _scheme(name) in self._factories

    @property
    def schemes(self) -> tuple[str, ...]:
        """The schemes that are known, in the order of their names."""
        return tuple(sorted(self._factories))

    def add(self, scheme: str, factory: StoreFactory) -> None:
        """Let names that begin with ``scheme://`` be opened by `factory`.

        Raises:
            UsageError: The scheme is taken.
        """
        if scheme in self._factories:
            raise UsageError(f"there are stores for {scheme}{_SEPARATOR} already")
        self._factories[scheme] = factory

    def open(self, name: str) -> Store:
        """The store of this name.

        Raises:
            UsageError: It has a scheme that nobody knows, or it is no name.
        """
        check_name(name)
        scheme = _scheme(name)
        factory = self._factories.get(scheme)
        if factory is None:
            raise UsageError(
                f"no store for {scheme}{_SEPARATOR} is known, only for {', '.join(self.schemes)}: install the package "
                f"that brings it (pip install ...), or pass an extension that adds it in the hook register_stores"
            )
        return factory(name)


def check_name(name: str) -> None:
    """See whether this is the form of a name.

    Raises:
        ValueError: It is not.
    """
    scheme, separator, rest = name.partition(_SEPARATOR)
    named = scheme and (rest.lstrip("/") if scheme in ("sqlite", "file") else rest) if separator else _scheme(name)
    if not named:
        raise ValueError(
            f"store {name!r} is neither 'memory' nor 'sqlite' nor a name such as 'sqlite:///positions.db' or "
            "'file:///positions.json', nor the path of a .db or .json file"
        )


def _scheme(name: str) -> str:
    """The scheme of a name; paths are of those of their suffix; empty where it is none."""
    if _SEPARATOR in name:
        return name.partition(_SEPARATOR)[0]
    if name in ("memory", "sqlite"):
        return name
    suffix = Path(name).suffix
    if suffix == ".json":
        return "file"
    return "sqlite" if suffix in _DATABASES or os.sep in name else ""


def _path(name: str) -> str:
    """The path in a name, relative after three slashes and absolute after four, as SQLAlchemy has it."""
    return name.partition(f"{_SEPARATOR}/")[2] or name


def _sqlite(name: str) -> Store:
    # SQLAlchemy takes a third of a second to import: only those who use it wait for it.
    from .sqlite import SqliteStore

    return SqliteStore(_path(name)) if name != "sqlite" else SqliteStore(_default(), makes_folder=True)


def _file(name: str) -> Store:
    from .file import FileStore

    return FileStore(_path(name))


def _default() -> Path:
    """The embedded file, where the user's programs keep their data."""
    from platformdirs import user_data_path

    return user_data_path("pybayeux") / "positions.db"
