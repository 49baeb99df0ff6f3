"""Requests: a builder for each one that a client can send (Bayeux 1.0, section 4).

Each builder validates its arguments, removes duplicates and returns one `Message` without an id: the session numbers
what it sends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .channel import Channel, ChannelType
from .errors import InvalidChannelError, MissingFieldError, UsageError
from .message import Message

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("check_channel", "connect", "disconnect", "handshake", "publish", "subscribe", "unsubscribe")

_VERSION: Final = re.compile(r"\d+(?:\.[A-Za-z0-9][A-Za-z0-9\-_]*)*")
_CONNECTION_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9\-_.]*")


def handshake(
    supported_connection_types: Iterable[str], version: str = "1.0", minimum_version: str | None = None
) -> Message:
    """A handshake request (section 4.1.1).

    Args:
        supported_connection_types: Names in the order of preference, such as ``long-polling``.
        version: The protocol's version.
        minimum_version: The lowest version that the client accepts.

    Raises:
        MissingFieldError: There is no connection type, or no version.
        UsageError: A version does not follow the grammar, or a connection type is not a valid name.
    """
    types = _distinct(supported_connection_types)
    if not types:
        raise MissingFieldError("supportedConnectionTypes", "name at least one connection type")
    for connection_type in types:
        _check_connection_type(connection_type)
    return Message(
        channel=Channel.META_HANDSHAKE,
        version=_checked_version("version", version),
        minimum_version=None if minimum_version is None else _checked_version("minimumVersion", minimum_version),
        supported_connection_types=types,
    )


def connect(client_id: str, connection_type: str) -> Message:
    """A connect request (section 4.2.1).

    Raises:
        MissingFieldError: There is no client id or no connection type.
        UsageError: The connection type is not a valid name.
    """
    return Message(
        channel=Channel.META_CONNECT,
        client_id=_checked_client_id(client_id),
        connection_type=_check_connection_type(connection_type),
    )


def subscribe(client_id: str, channels: str | Iterable[str]) -> Message:
    """A subscribe request (section 4.4.1): one channel as a string, several as an array.

    Raises:
        MissingFieldError: No client id or no channel.
        InvalidChannelError: A name that cannot be routed.
    """
    return Message(
        channel=Channel.META_SUBSCRIBE,
        client_id=_checked_client_id(client_id),
        subscription=_subscription(channels),
    )


def unsubscribe(client_id: str, channels: str | Iterable[str]) -> Message:
    """An unsubscribe request (section 4.5.1): one channel as a string, several as an array.

    Raises:
        MissingFieldError: No client id or no channel.
        InvalidChannelError: A name that cannot be routed.
    """
    return Message(
        channel=Channel.META_UNSUBSCRIBE,
        client_id=_checked_client_id(client_id),
        subscription=_subscription(channels),
    )


def disconnect(client_id: str) -> Message:
    """A disconnect request (section 4.3.1).

    Raises:
        MissingFieldError: There is no client id.
    """
    return Message(channel=Channel.META_DISCONNECT, client_id=_checked_client_id(client_id))


def publish(channel: str, data: Any, client_id: str | None = None) -> Message:
    """A publish (section 5.1.1); without a client id if the server allows that (section 5.1).

    Raises:
        InvalidChannelError: It is a meta channel, a pattern, or a name that cannot be routed.
    """
    name = check_channel(channel)
    if name.has_wildcard():
        raise InvalidChannelError(channel, "publish to one channel, not to a pattern")
    if name.type is ChannelType.META:
        raise InvalidChannelError(channel, "meta channels belong to the protocol; publish to another channel")
    return Message(channel=name, client_id=client_id, data=data)


def check_channel(channel: str) -> Channel:
    """The channel as a `Channel`, without a trailing slash.

    Raises:
        InvalidChannelError: A name that cannot be routed.
    """
    name = (channel if isinstance(channel, Channel) else Channel(channel)).normalized()
    if not name.is_accepted():
        raise InvalidChannelError(
            channel,
            "a channel is one or more segments after slashes, such as /foo/bar; none is empty or has control "
            "characters, and a wildcard is the whole last segment",
        )
    return name


def _subscription(channels: str | Iterable[str]) -> str | list[str]:
    names = _distinct(map(check_channel, [channels] if isinstance(channels, str) else channels))
    if not names:
        raise MissingFieldError("subscription", "name at least one channel")
    # A single name is sent as a string: some servers do not accept an array of one.
    return names[0] if len(names) == 1 else names


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _checked_client_id(client_id: str) -> str:
    if not client_id:
        raise MissingFieldError("clientId", "it is in the handshake's reply")
    return client_id


def _check_connection_type(connection_type: str) -> str:
    if not connection_type:
        raise MissingFieldError("connectionType", "name the transport, such as long-polling")
    if _CONNECTION_TYPE.fullmatch(connection_type) is None:
        raise UsageError(f"connectionType: {connection_type!r} is not the name of a transport")
    return connection_type


def _checked_version(field: str, version: str) -> str:
    if not version:
        raise MissingFieldError(field, "the protocol's version is required, such as 1.0")
    if _VERSION.fullmatch(version) is None:
        raise UsageError(f"{field}: {version!r} is not a version; it starts with an integer, such as 1.0")
    return version
