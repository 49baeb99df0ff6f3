"""Kafka for pybayeux-relay: events into a topic, each exactly once."""

from typing import TYPE_CHECKING

from pybayeux import lazy_names

from .extension import Kafka as Kafka

if TYPE_CHECKING:
    from .target import KafkaTarget as KafkaTarget

__all__ = ("Kafka", "KafkaTarget")

if not TYPE_CHECKING:  # every client imports this package, and few need Kafka's client
    __getattr__ = lazy_names(__name__, {"target": "KafkaTarget"})
