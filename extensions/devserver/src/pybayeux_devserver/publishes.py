"""Publications of clients: events for everybody, and calls to a service (Bayeux 1.0, section 5).

Owns who may publish and how a remote call is answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pybayeux import ChannelType

from . import replies
from .channels import channel_to_publish, covered
from .errors import Refused

if TYPE_CHECKING:
    from .exchange import Exchange
    from .kernel import Kernel
    from .options import Json
    from .sessions import Session

__all__ = ("publish",)


def publish(kernel: Kernel, message: Json, exchange: Exchange) -> Json:
    """Fan an event out, or let a service answer; service channels are private.

    Raises:
        Refused: The channel is none to publish to, the session is unknown or the data is missing.
    """
    channel = channel_to_publish(message["channel"])
    session = _publisher(kernel, message, exchange)
    if "data" not in message:
        raise Refused("400::data_missing")
    if covered(channel, kernel.options.deny_publish):
        raise Refused("403:denied_by_security_policy:publish_denied")
    if channel.type is ChannelType.BROADCAST:
        own = {"message_id": message.get("id"), "ext": message.get("ext")}
        kernel.broker.publish(message["channel"], message["data"], publisher=session, **own)
    elif session is not None and channel in kernel.options.services:
        session.deliver(_called(kernel, message))
    return replies.reply(message)


def _publisher(kernel: Kernel, message: Json, exchange: Exchange) -> Session | None:
    unknown = kernel.sessions.find(message.get("clientId"), exchange.caller) is None
    if unknown and kernel.options.anonymous_publish:
        kernel.gate.check(message, exchange.caller, None)
        return None
    return kernel.session_of(message, exchange)


def _called(kernel: Kernel, message: Json) -> Json:
    """The answer of a service: an event on the call's channel with the call's id, as CometD sends it."""
    service = kernel.options.services[message["channel"]]
    try:
        answer, successful = msgspec.to_builtins(service(message["data"])), True
    except Exception as error:  # the service's own fault, told to the caller
        answer, successful = str(error), False
    return {**replies.event(message["channel"], answer, message.get("id")), "successful": successful}
