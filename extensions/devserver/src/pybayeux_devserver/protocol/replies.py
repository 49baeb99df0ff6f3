"""The members of outgoing messages: replies, events and advice. Nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..options import Json, Options

__all__ = ("advice_to_retry", "event", "failure", "milliseconds", "reply")


def milliseconds(seconds: float) -> int:
    """Seconds as milliseconds, the unit of the protocol."""
    return round(seconds * 1000)


def reply(request: Json, **members: Any) -> Json:
    """A successful reply to a request, with the id of the request if it has one. Members that are None are left out."""
    message: Json = {"channel": request.get("channel"), "id": request.get("id"), "successful": True, **members}
    return {name: value for name, value in message.items() if value is not None}


def failure(request: Json, error: str, **members: Any) -> Json:
    """An unsuccessful reply. It repeats the subscription of the request."""
    asked = request.get("subscription")
    return reply(request, subscription=asked, **{**members, "successful": False, "error": error})


def event(channel: str, data: Any, message_id: Any = None, ext: Any = None) -> Json:
    """An event as it is delivered. An id or ext that is None is left out."""
    message: Json = {"channel": channel, "data": data}
    if message_id is not None:
        message["id"] = message_id
    if ext is not None:
        message["ext"] = ext
    return message


def advice_to_retry(options: Options) -> Json:
    """The advice of a healthy session."""
    return {
        "reconnect": "retry",
        "interval": milliseconds(options.interval),
        "timeout": milliseconds(options.timeout),
        **options.advice,
    }
