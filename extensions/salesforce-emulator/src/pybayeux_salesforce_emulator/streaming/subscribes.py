"""``/meta/subscribe``, ``/meta/unsubscribe`` and ``/meta/disconnect``.

Owns the order of the checks of a subscribe: name, channel, permission, limits, position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux_devserver.toolkit import Refused

from ..events.channels import ChannelDefinition, Product, product_of, split_filter
from ..texts import (
    DAILY_EVENTS,
    NAME_MISSING,
    NAME_WITHOUT_SLASH,
    SUBSCRIBE_DENIED,
    TOO_BUSY,
    TOPIC_LIMIT,
    UNKNOWN_CHANNEL,
    VARY_BY_CASE,
    no_such_channel,
    query_fields,
)
from . import replies
from .positions import starting_offset
from .sessions import Subscription

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

    from ..events.channels import Expressions
    from ..state import OrgState
    from .request_context import RequestContext

__all__ = ("disconnect", "subscribe", "unsubscribe")


def subscribe(state: OrgState, message: Json, context: RequestContext) -> Json:
    """Subscribe a session to a channel, from the position that it asks for. A second subscribe replaces the first.

    Raises:
        Refused: The channel or the position does not exist, permission is missing, or a limit is reached.
    """
    session = state.session_of(message, context)
    try:
        subscription = _subscription(state, message)
    except Refused as refused:
        raise Refused(refused.error, **{"clientId": session.client_id, **refused.members}) from None
    session.subscriptions[subscription.name] = subscription
    if session.hold is not None and state.batches.has_events(session):
        session.wake()
    return replies.reply(message, clientId=session.client_id, subscription=subscription.name)


def _subscription(state: OrgState, message: Json) -> Subscription:
    if state.is_busy():
        raise replies.overloaded(TOO_BUSY, SUBSCRIBE_DENIED)
    asked = message.get("subscription")
    if not asked:
        raise Refused(NAME_MISSING)
    # CometD accepts arrays here. Salesforce does not, as the authors of gobayeux found.
    if not isinstance(asked, str) or not asked.startswith("/"):
        raise Refused(NAME_WITHOUT_SLASH)
    name, wanted = split_filter(asked)
    definition = _definition(state, name)
    _check(state, definition, wanted)
    offset = starting_offset(state.bus, name, message, state.options)
    return Subscription(asked, name, wanted, offset)


def _definition(state: OrgState, name: str) -> ChannelDefinition:
    known = state.bus.definitions
    if name in known:
        return known[name]
    if name.endswith("*") and state.options.wildcard_error is not None:
        raise Refused(state.options.wildcard_error)
    try:
        generic = product_of(name) is Product.GENERIC
    except ValueError:
        generic = False
    if generic and name.lower() in {other.lower() for other in known}:
        raise Refused(VARY_BY_CASE)
    if generic and state.options.dynamic_channels:
        state.bus.define(ChannelDefinition(name=name))
        return known[name]
    raise Refused(UNKNOWN_CHANNEL if generic else no_such_channel(name))


def _check(state: OrgState, definition: ChannelDefinition, wanted: Expressions) -> None:
    if definition.refusal is not None:
        raise Refused(definition.refusal)
    unknown = [field for field, _ in wanted if definition.fields is not None and field not in definition.fields]
    if unknown or (wanted and definition.product is not Product.PUSH_TOPIC):
        raise Refused(query_fields(unknown or [field for field, _ in wanted]))
    # This limit is checked when a client subscribes ("Handling Streaming API Errors").
    if state.quotas.delivered_reached:
        raise Refused(DAILY_EVENTS)
    limited = definition.product in (Product.PUSH_TOPIC, Product.GENERIC)
    if limited and state.quotas.topic_reached(definition.name):
        raise Refused(TOPIC_LIMIT)


def unsubscribe(state: OrgState, message: Json, context: RequestContext) -> Json:
    """End a subscription, whether it existed or not.

    Raises:
        Refused: The session has ended.
    """
    session = state.session_of(message, context)
    asked = message.get("subscription")
    if isinstance(asked, str):
        session.subscriptions.pop(asked, None)
    return replies.reply(message, clientId=session.client_id, subscription=asked)


def disconnect(state: OrgState, message: Json, context: RequestContext) -> Json:
    """End a session. A connect that is held for it is answered.

    Raises:
        Refused: The session has ended before.
    """
    session = state.session_of(message, context)
    session.left = True
    state.sessions.remove(session)
    context.session = None
    return replies.reply(message, clientId=session.client_id)
