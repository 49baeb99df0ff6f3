"""`Kafka`: the extension that adds Kafka to the targets of relay and to the stores of replay.

It opens no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    from pybayeux_relay import Target, Targets
    from pybayeux_replay import Store, Stores

__all__ = ("Kafka",)


class Kafka:
    """Lets a relay write into a topic of Kafka: ``kafka://host:9092/orders``.

    The positions and dead letters of relays are a store: ``kafka://host:9092``.
    """

    @hookimpl(optionalhook=True)
    def register_stores(self, stores: Stores) -> None:
        """Add the stores of this package."""
        stores.add("kafka", _store)

    @hookimpl(optionalhook=True)
    def register_targets(self, targets: Targets) -> None:
        """Add the targets of this package."""
        targets.add("kafka", _target)


def _store(name: str) -> Store:
    from .names import kafka_store

    return kafka_store(name)


def _target(name: str) -> Target:
    from .names import kafka_target

    return kafka_target(name)
