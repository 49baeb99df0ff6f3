"""`Redis`: the extension that adds Redis to the stores of replay and the targets of relay.

It opens no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    from pybayeux_relay import Target, Targets
    from pybayeux_replay import Store, Stores

__all__ = ("Redis",)


class Redis:
    """Lets positions be kept in Redis: ``store="redis://host:6379/0"``, and ``rediss://`` with TLS.

    Where pybayeux-relay is installed, streams are targets: ``redis://host:6379/0/orders``.
    """

    @hookimpl
    def register_stores(self, stores: Stores) -> None:
        """Add the stores of this package."""
        for scheme in ("redis", "rediss"):
            stores.add(scheme, _redis)

    @hookimpl(optionalhook=True)
    def register_targets(self, targets: Targets) -> None:
        """Add the targets of this package."""
        for scheme in ("redis", "rediss"):
            targets.add(scheme, _target)


def _redis(name: str) -> Store:
    from .store import RedisStore

    return RedisStore(name)


def _target(name: str) -> Target:
    from .relay_target import redis_target

    return redis_target(name)
