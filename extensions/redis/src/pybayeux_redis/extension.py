"""The extension: it adds ``redis://`` and ``rediss://`` to the stores of replay. No connection is opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    from pybayeux_replay import Store, Stores

__all__ = ("Redis",)


class Redis:
    """Lets positions be kept in Redis: ``store="redis://host:6379/0"``, and ``rediss://`` with TLS."""

    @hookimpl
    def register_stores(self, stores: Stores) -> None:
        """Add the stores of this package."""
        for scheme in ("redis", "rediss"):
            stores.add(scheme, _redis)


def _redis(name: str) -> Store:
    from .store import RedisStore

    return RedisStore(name)
