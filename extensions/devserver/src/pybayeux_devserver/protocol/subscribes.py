"""``/meta/subscribe``, ``/meta/unsubscribe`` and ``/meta/disconnect`` (Bayeux 1.0, sections 4.3 to 4.5).

Owns which channels may be subscribed to and how the request is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import ChannelType

from . import replies
from .channels import channels_to_subscribe, covered
from .errors import Refused

if TYPE_CHECKING:
    from ..options import Json
    from .exchange import Exchange
    from .server_state import ServerState

__all__ = ("disconnect", "subscribe", "unsubscribe")


def subscribe(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """Subscribe a session to one or more channels, all or none.

    Raises:
        Refused: The session is unknown, a channel is denied or invalid, or the replay position does not exist.
    """
    session = state.session_of(message, exchange)
    asked = message.get("subscription")
    channels = channels_to_subscribe(asked)
    if any(covered(channel, state.options.deny_subscribe) for channel in channels):
        raise Refused("403:denied_by_security_policy:subscribe_denied")
    # Service channels are private. Subscribing to one succeeds and has no effect.
    broadcast = [channel for channel in channels if channel.type is ChannelType.BROADCAST]
    state.broker.subscribe(session, broadcast, message)
    return replies.reply(message, subscription=asked)


def unsubscribe(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """End subscriptions, whether they existed or not.

    Raises:
        Refused: The session is unknown, or a channel is invalid.
    """
    session = state.session_of(message, exchange)
    asked = message.get("subscription")
    session.subscriptions.difference_update(channels_to_subscribe(asked))
    return replies.reply(message, subscription=asked)


def disconnect(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """End a session. A connect that is held for it is answered.

    Raises:
        Refused: The session is unknown.
    """
    session = state.session_of(message, exchange)
    session.final_advice = {"reconnect": "none", "interval": 0}
    state.sessions.remove(session)
    session.wake()
    exchange.session = None
    return replies.reply(message)
