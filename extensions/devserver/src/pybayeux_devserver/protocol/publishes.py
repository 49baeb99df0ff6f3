"""Publications of clients: events for subscribers, and calls to a service (Bayeux 1.0, section 5).

Owns the permission to publish and the answer to a remote call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pybayeux import ChannelType

from . import replies
from .channels import channel_to_publish, covered
from .errors import Refused

if TYPE_CHECKING:
    from ..options import Json
    from .exchange import Exchange
    from .server_state import ServerState
    from .sessions import Session

__all__ = ("publish",)


def publish(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """Deliver an event to its subscribers, or let a service answer. Service channels are private.

    Raises:
        Refused: The channel cannot be published to, the session is unknown or the data is missing.
    """
    channel = channel_to_publish(message["channel"])
    session = _publisher(state, message, exchange)
    if "data" not in message:
        raise Refused("400::data_missing")
    if covered(channel, state.options.deny_publish):
        raise Refused("403:denied_by_security_policy:publish_denied")
    if channel.type is ChannelType.BROADCAST:
        fields = {"message_id": message.get("id"), "ext": message.get("ext")}
        state.broker.publish(message["channel"], message["data"], publisher=session, **fields)
    elif session is not None and channel in state.options.services:
        session.deliver(_call_service(state, message))
    return replies.reply(message)


def _publisher(state: ServerState, message: Json, exchange: Exchange) -> Session | None:
    unknown = state.sessions.find(message.get("clientId"), exchange.caller) is None
    if unknown and state.options.anonymous_publish:
        state.authenticator.check(message, exchange.caller, None)
        return None
    return state.session_of(message, exchange)


def _call_service(state: ServerState, message: Json) -> Json:
    """The answer of a service: an event on the channel of the call with the id of the call, as CometD sends it."""
    service = state.options.services[message["channel"]]
    try:
        answer, successful = msgspec.to_builtins(service(message["data"])), True
    except Exception as error:  # an exception of the service is its answer to the caller
        answer, successful = str(error), False
    return {**replies.event(message["channel"], answer, message.get("id")), "successful": successful}
