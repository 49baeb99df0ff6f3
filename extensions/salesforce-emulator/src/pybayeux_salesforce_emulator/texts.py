"""The error texts of an org, from the page "Streaming API Error Codes" (API 67.0).

Braces stand where the page has them. Old versions have two spaces between sentences, see `spaced`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .org.versions import Version

__all__ = (
    "ACCESS_TO_ENTITY",
    "ACCESS_TO_FIELDS",
    "AUTHENTICATION_INVALID",
    "AUTHENTICATION_REQUIRED",
    "CDC_PERMISSION",
    "CONCURRENT_USERS",
    "DAILY_EVENTS",
    "HANDSHAKE_DENIED",
    "NAME_MISSING",
    "NAME_WITHOUT_SLASH",
    "NOT_ENABLED",
    "NO_HANDSHAKE",
    "PER_SERVER",
    "REQUEST_SIZE",
    "RESTRICTED",
    "SUBSCRIBE_DENIED",
    "TOO_BUSY",
    "TOPIC_LIMIT",
    "UNKNOWN_CHANNEL",
    "UNKNOWN_CLIENT",
    "VARY_BY_CASE",
    "WRONG_USER",
    "cannot_create",
    "connection_type",
    "invalid_replay_id",
    "no_cookie",
    "no_such_channel",
    "query_fields",
    "replay_map",
    "spaced",
    "unsupported_version",
    "version_missing",
)

WRONG_USER: Final = "400::Authenticated user id does not match the session's user id"
NAME_MISSING: Final = "400::Channel name not specified"
NAME_WITHOUT_SLASH: Final = "400::Channel subscriptions must start with a leading '/'"
AUTHENTICATION_INVALID: Final = "401::Authentication invalid"
AUTHENTICATION_REQUIRED: Final = "401::Request requires authentication"
UNKNOWN_CLIENT: Final = "403::Unknown client"
HANDSHAKE_DENIED: Final = "403::Handshake denied"
NO_HANDSHAKE: Final = "403::Client has not completed handshake"
CONCURRENT_USERS: Final = "403::Organization concurrent user limit exceeded"
DAILY_EVENTS: Final = "403::Organization total events daily limit exceeded"
TOPIC_LIMIT: Final = "403::Subscription limit exceeded for this topic"
PER_SERVER: Final = (
    "403::To protect all customers from excessive use and Denial of Service attacks, we limit the number of "
    "simultaneous connections per server. Your request has been denied because this limit has been exceeded. "
    "Please try your request again later."
)
RESTRICTED: Final = "403::Restricted channel"
NOT_ENABLED: Final = "403::User not enabled for streaming"
ACCESS_TO_ENTITY: Final = "403::Subscriber does not have access to the entity in this topic"
ACCESS_TO_FIELDS: Final = (
    "403::Subscriber does not have access to all fields referenced in the where clause of the PushTopic"
)
CDC_PERMISSION: Final = "403::User not allowed to subscribe CDC without View All Data permissions"
SUBSCRIBE_DENIED: Final = "403:denied_by_security_policy:subscribe_denied"
UNKNOWN_CHANNEL: Final = "404::Unknown channel"
VARY_BY_CASE: Final = "404::channel names may not vary only by case"
REQUEST_SIZE: Final = "413::Maximum Request Size Exceeded"
TOO_BUSY: Final = "503::Server is too busy. Please try your request again later."


def version_missing(newest: Version) -> str:
    """The path of the endpoint has no version."""
    return f"400::API version in the URI is mandatory. URI format: '/cometd/{newest}'"


def unsupported_version(oldest: Version, newest: Version) -> str:
    """The version is invalid, too old or too new."""
    return (
        f"400::Unsupported API version. Only API versions '{oldest}' and later are supported. "
        f"URI format: '/cometd/{newest}'"
    )


def connection_type(asked: object) -> str:
    """Any connection type except long-polling."""
    return f"400::Invalid connection type {{{asked}}}"


def no_cookie(client_id: str, cookie: str) -> str:
    """The client does not send its cookies back (seen in cometd#881 and restforce#161)."""
    return f"400::Client {client_id} has established a session, but no {cookie} cookie present"


def no_such_channel(name: str) -> str:
    """The channel is not defined. Names are case-sensitive."""
    return f"400::The channel you requested to subscribe to does not exist {{{name}}}"


def query_fields(names: Iterable[str]) -> str:
    """A filtered subscription names fields that its PushTopic does not have."""
    return f"400::Query fields {{{', '.join(names)}}} do not exist on the topic entity"


def cannot_create(name: str) -> str:
    """A generic channel that the user may not create by subscribing."""
    return f"403::Cannot create channel {{{name}}}"


def invalid_replay_id(replay_id: object) -> str:
    """The event was purged or deleted, or belongs to another org."""
    return (
        f"400::The replayId {{{replay_id}}} you provided was invalid. Please provide a valid ID, "
        "-2 to replay all events, or -1 to replay only new events."
    )


def replay_map(channel: str, positions: object) -> str:
    """The replay extension of the subscribe has no number for its channel (EMP-Connector#39, #41)."""
    return (
        f"400::The replayId for channel {{{channel}}} wasn't found using the provided replay ID map "
        f"{{{_java(positions)}}}. Ensure that your replay ID map contains your channel."
    )


def _java(value: object) -> object:
    """A map as Java writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}={'null' if item is None else item}" for name, item in value.items()) + "}"
    return "null" if value is None else value


def spaced(value: Any) -> Any:
    """The same texts with two spaces between sentences, in a string or anywhere in an object."""
    if isinstance(value, dict):
        return {name: spaced(item) for name, item in value.items()}
    return value.replace(". ", ".  ") if isinstance(value, str) else value
