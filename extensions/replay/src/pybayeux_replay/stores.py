"""Names of stores: from a name such as ``sqlite:///positions.db`` to the store, by its scheme.

Extensions add schemes of their own. No file is touched and no connection opened here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from pybayeux.errors import UsageError

from .store import MemoryStore, Store

__all__ = ("StoreFactory", "Stores", "check_name", "opens_slowly")

StoreFactory: TypeAlias = Callable[[str], Store]
"""Makes a store from its whole name, such as ``redis://host/0``. It need not connect yet."""

_DATABASE_SUFFIXES: Final = frozenset({".db", ".sqlite", ".sqlite3"})
_SEPARATOR: Final = "://"
_PACKAGES: Final = {
    "kafka": "pybayeux-kafka",
    "postgresql": "pybayeux-sql",
    "redis": "pybayeux-redis",
    "rediss": "pybayeux-redis",
}
"""The packages of this project that have further schemes."""


class Stores:
    """The known kinds of stores, by scheme. Extensions add theirs in the hook `register_stores`."""

    def __init__(self) -> None:
        self._factories: dict[str, StoreFactory] = {"memory": _memory, "sqlite": _sqlite, "file": _file}

    def knows(self, name: str) -> bool:
        """Whether the scheme of this name is known."""
        return _scheme(name) in self._factories

    @property
    def schemes(self) -> tuple[str, ...]:
        """The known schemes, sorted."""
        return tuple(sorted(self._factories))

    def add(self, scheme: str, factory: StoreFactory) -> None:
        """Have `factory` open the names that begin with ``scheme://``.

        Raises:
            UsageError: The scheme is known already.
        """
        if scheme in self._factories:
            raise UsageError(f"there are stores for {scheme}{_SEPARATOR} already")
        self._factories[scheme] = factory

    def open(self, name: str) -> Store:
        """Return the store of this name.

        Raises:
            ValueError: It is not the name of a store.
            UsageError: Its scheme is unknown.
        """
        check_name(name)
        scheme = _scheme(name)
        factory = self._factories.get(scheme)
        if factory is None:
            package = _PACKAGES.get(scheme, "...")
            raise UsageError(
                f"no store for {scheme}{_SEPARATOR}: expected one of {', '.join(self.schemes)}; install the package "
                f"that has it (pip install {package}), or pass an extension that adds it in the hook register_stores"
            )
        return factory(name)


def check_name(name: str) -> None:
    """Check that this has the form of a store's name.

    Raises:
        ValueError: It has not.
    """
    scheme, separator, rest = name.partition(_SEPARATOR)
    is_name = scheme and (rest.lstrip("/") if scheme in ("sqlite", "file") else rest) if separator else _scheme(name)
    if not is_name:
        raise ValueError(
            "store: expected 'memory', 'sqlite', a name such as 'sqlite:///positions.db' or 'file:///positions.json', "
            f"or the path of a .db or .json file; got {name!r}"
        )


def _scheme(name: str) -> str:
    """Return the scheme of a name. A path has one by its suffix; "" is returned if there is none."""
    if _SEPARATOR in name:
        return name.partition(_SEPARATOR)[0]
    if name in ("memory", "sqlite"):
        return name
    suffix = Path(name).suffix
    if suffix == ".json":
        return "file"
    return "sqlite" if suffix in _DATABASE_SUFFIXES or os.sep in name else ""


def _path(name: str) -> str:
    """Return the path in a name: relative after three slashes, absolute after four, as in SQLAlchemy."""
    return name.partition(f"{_SEPARATOR}/")[2] or name


def opens_slowly(name: str) -> bool:
    """Whether the first use of the store of this name may take longer than a hook may: all but that in memory."""
    return _scheme(name) != "memory"


def _memory(name: str) -> MemoryStore:
    return MemoryStore()


def _sqlite(name: str) -> Store:
    from .sqlite import SqliteStore

    return SqliteStore(_path(name)) if name != "sqlite" else SqliteStore(_default_file(), makes_folder=True)


def _file(name: str) -> Store:
    from .file import FileStore

    return FileStore(_path(name))


def _default_file() -> Path:
    from platformdirs import user_data_path

    return user_data_path("pybayeux") / "positions.db"
