"""``/meta/handshake``: what is looked at before a session begins, in this order: version, token, limits.

("Handling Streaming API Errors", validations of handshake requests.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ..errors import Refused
from . import shapes
from .texts import CONCURRENT_USERS, PER_SERVER, TOO_BUSY, connection_type

if TYPE_CHECKING:
    from ..options import Json
    from .state import OrgState
    from .visit import Visit

__all__ = ("handshake",)

_ONLY: Final = "long-polling"


def handshake(state: OrgState, message: Json, visit: Visit) -> Json:
    """Begin a session.

    Raises:
        Refused: There is no living token, or no room.
    """
    visit.denied = True
    if state.is_busy():
        raise shapes.denied(TOO_BUSY)
    _require_long_polling(message.get("supportedConnectionTypes"))
    token = state.gate.admit(visit.token)
    if state.quotas.server_reached:
        raise shapes.denied(PER_SERVER)
    browser = visit.route.browser
    if browser is None:
        browser, cookies = state.balancer.browser_cookies()
        visit.cookies |= cookies
    if state.quotas.clients_reached:
        raise shapes.denied(CONCURRENT_USERS)
    session = state.sessions.create(server=visit.route.server, browser=browser, token=token, version=visit.version)
    visit.denied = False
    return shapes.reply(
        message,
        ext=shapes.negotiated(),
        minimumVersion="1.0",
        clientId=session.client_id,
        supportedConnectionTypes=[_ONLY],
        version="1.0",
    )


def _require_long_polling(asked: Any) -> None:
    if isinstance(asked, list) and asked and _ONLY not in asked:
        raise Refused(connection_type(asked[0]), advice=shapes.GOODBYE)
