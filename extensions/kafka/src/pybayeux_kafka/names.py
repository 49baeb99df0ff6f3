"""Names of stores and targets: ``kafka://HOST:PORT`` and ``kafka://HOST:PORT/TOPIC``, with librdkafka's parameters."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from .store import KafkaStore
from .target import KafkaTarget

__all__ = ("kafka_store", "kafka_target")

_QUIET: Final = {"log_level": "0"}
"""librdkafka's log repeats on standard error what its exceptions say."""


def kafka_store(name: str) -> KafkaStore:
    """Return the store ``kafka://host:port``, or ``kafka://host:port,host:port``. Reading it fences off nothing.

    Raises:
        ValueError: The name is not of this form.
    """
    servers, topic, parameters = _split(name)
    if topic:
        raise ValueError("expected servers alone, such as 'kafka://host:9092'")
    return KafkaStore({**parameters, "bootstrap.servers": servers, **_QUIET}, fence_reads=False)


def kafka_target(name: str) -> KafkaTarget:
    """Return the target ``kafka://host:port/topic``, or ``kafka://host:port,host:port/topic``.

    Raises:
        ValueError: The name is not of this form.
    """
    servers, topic, parameters = _split(name)
    if not topic or "/" in topic:
        raise ValueError("expected servers and a topic, such as 'kafka://host:9092/orders'")
    partitions = parameters.pop("partitions", "-1")
    if partitions != "-1" and not (partitions.isdigit() and int(partitions)):
        raise ValueError(f"partitions: expected a positive number; got {partitions!r}")
    return KafkaTarget({**parameters, "bootstrap.servers": servers, **_QUIET}, topic, int(partitions))


def _split(name: str) -> tuple[str, str, dict[str, str]]:
    """Return servers, topic and parameters."""
    parts = urlsplit(name)
    if not parts.netloc or "@" in parts.netloc:
        raise ValueError(
            "expected servers without a user, such as 'kafka://host:9092'; a user goes into the parameters, as "
            "'?sasl.username=...'"
        )
    return parts.netloc, parts.path.removeprefix("/"), dict(parse_qsl(parts.query))
