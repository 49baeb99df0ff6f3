"""``/meta/subscribe``, ``/meta/unsubscribe`` and ``/meta/disconnect`` (Bayeux 1.0, sections 4.3 to 4.5).

Owns what may be subscribed to and how it is answered.
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
    """Subscribe a session to one channel or to several, all or none.

    Raises:
        Refused: The session is unknown, a channel is forbidden or no name, or there is no such replay position.
    """
    session = state.session_of(message, exchange)
    asked = message.get("subscription")
    channels = channels_to_subscribe(asked)
    if any(covered(channel, state.options.deny_subscribe) for channel in channels):
        raise Refused("403:denied_by_security_policy:subscribe_denied")
    # A service channel is private already: subscribing to it succeeds and means nothing.
    broadcast = [channel for channel in channels if channel.type is ChannelType.BROADCAST]
    state.broker.subscribe(session, broadcast, message)
    return replies.reply(message, subscription=asked)


def unsubscribe(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """End subscriptions, whether they existed or not.

    Raises:
        Refused: The session is unknown, or something is no name of a channel.
    """
    session = state.session_of(message, exchange)
    asked = message.get("subscription")
    session.subscriptions.difference_update(channels_to_subscribe(asked))
    return replies.reply(message, subscription=asked)


def disconnect(state: ServerState, message: Json, exchange: Exchange) -> Json:
    """End a session; a connect that is held for it is answered.

    Raises:
        Refused: The session is unknown.
    """
    session = state.session_of(message, exchange)
    session.final_advice = {"reconnect": "none", "interval": 0}
    state.sessions.remove(session)
    session.wake()
    exchange.session = None
    return replies.reply(message)
