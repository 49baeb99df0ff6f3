"""``/meta/connect``: the request whose reply carries events.

Owns how long it is held, and its reply. Only the first reply of a session has advice (cometd#775).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux_devserver.toolkit import Hold, Refused, milliseconds

from ..texts import DAILY_EVENTS, TOO_BUSY, connection_type
from . import replies

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

    from ..state import OrgState
    from .request_context import RequestContext
    from .sessions import OrgSession

__all__ = ("connect", "finish_connect", "release")


def connect(state: OrgState, message: Json, context: RequestContext) -> None:
    """Accept a connect. `finish_connect` answers it, at once if its hold has no timeout.

    Raises:
        Refused: The session has ended, the server is busy, or a limit is reached.
    """
    session = state.session_of(message, context)
    if state.is_busy():
        raise replies.overloaded(TOO_BUSY, clientId=session.client_id, advice=replies.ERROR_ADVICE)
    kind = message.get("connectionType")
    if kind != "long-polling":
        raise Refused(connection_type(kind), clientId=session.client_id, advice=replies.ERROR_ADVICE)
    _check_quota(state, session)
    if session.hold is not None:
        session.hold.supersede()
    context.hold = session.hold = hold = _hold(state, session, message, alone=context.alone)
    session.held_until = state.clock.now() + state.clock.inside(hold.timeout)
    session.connected = True


def _check_quota(state: OrgState, session: OrgSession) -> None:
    if state.quotas.delivered_reached:
        raise Refused(DAILY_EVENTS, clientId=session.client_id, advice=replies.ERROR_ADVICE)


def _hold(state: OrgState, session: OrgSession, message: Json, *, alone: bool) -> Hold:
    advice = message.get("advice")
    advised = not session.connected or advice is not None
    if not session.connected or not alone or state.batches.has_events(session):
        return Hold(message, 0, advised=advised)
    requested = advice.get("timeout") if isinstance(advice, dict) else None
    if isinstance(requested, int | float):
        return Hold(message, max(0, requested / 1000), advised=advised)
    return Hold(message, state.clock.outside(state.options.timeout), advised=advised)


def finish_connect(state: OrgState, context: RequestContext, session: OrgSession, hold: Hold) -> Json:
    """The reply to a connect.

    Raises:
        Refused: While it was held, the session ended, its token became invalid, or a limit was reached.
    """
    release(state, session)
    if session.left:
        return replies.reply(hold.request, clientId=session.client_id, advice=replies.ERROR_ADVICE)
    if session not in state.sessions:
        raise state.ended_session_error(session.client_id)
    state.authenticator.check(context.token, session)
    _check_quota(state, session)
    advice = {
        "interval": 0,
        "timeout": milliseconds(state.clock.outside(state.options.timeout)),
        "reconnect": "retry",
    }
    return replies.reply(hold.request, clientId=session.client_id, advice=advice if hold.advised else None)


def release(state: OrgState, session: OrgSession) -> None:
    """End the hold of a session. Its lifetime runs again from now on."""
    session.hold = None
    state.sessions.touch(session)
