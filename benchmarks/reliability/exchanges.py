"""Exchanges of the protocol: at which of them a fault strikes, and how to recognise them in a message on the wire.

Knows JSON and Bayeux channels, no transport.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("Place", "client_id_of", "messages_of", "places_of", "repeat_replies")


class Place(Enum):
    """An exchange at which a fault strikes."""

    HANDSHAKE = "handshake"
    CONNECT = "connect"
    SUBSCRIBE = "subscribe"
    PUBLISH = "publish"


def messages_of(body: bytes) -> list[dict[str, Any]]:
    """The messages of a request, a response or a frame; none if it is not Bayeux."""
    try:
        content = json.loads(body or b"[]")
    except ValueError:
        return []
    return [message for message in (content if isinstance(content, list) else [content]) if isinstance(message, dict)]


def places_of(messages: Iterable[dict[str, Any]], *, reply: bool = False) -> set[Place]:
    """The exchanges to which messages belong. In what a server sends, an event belongs to none."""
    channels = {str(message.get("channel", "")) for message in messages if not reply or "successful" in message}
    places = {channel.removeprefix("/meta/") if channel.startswith("/meta/") else "publish" for channel in channels}
    return {place for place in Place if place.value in places}


def client_id_of(body: bytes) -> str | None:
    """The session that a message is of, or that it opens."""
    return next((message["clientId"] for message in messages_of(body) if message.get("clientId")), None)


def repeat_replies(body: bytes) -> bytes:
    """The same body with each reply in it twice; events stay single."""
    messages = messages_of(body)
    return json.dumps([each for message in messages for each in [message] * (1 + ("successful" in message))]).encode()
