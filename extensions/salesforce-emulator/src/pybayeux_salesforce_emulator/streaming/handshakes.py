"""``/meta/handshake``: the checks before a session begins, in this order: version, token, limits.

("Handling Streaming API Errors", validations of handshake requests.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux_devserver.toolkit import Refused

from ..texts import CONCURRENT_USERS, PER_SERVER, TOO_BUSY, connection_type
from . import replies

if TYPE_CHECKING:
    from pybayeux_devserver.toolkit import Json

    from ..state import OrgState
    from .request_context import RequestContext

__all__ = ("handshake",)

_CONNECTION_TYPE: Final = "long-polling"


def handshake(state: OrgState, message: Json, context: RequestContext) -> Json:
    """Create a session.

    Raises:
        Refused: The token is missing or invalid, or a limit is reached.
    """
    context.denied = True
    if state.is_busy():
        raise replies.denied(TOO_BUSY)
    _require_long_polling(message.get("supportedConnectionTypes"))
    token = state.authenticator.authenticate(context.token)
    if state.quotas.server_reached:
        raise replies.denied(PER_SERVER)
    browser = context.route.browser
    if browser is None:
        browser, cookies = state.balancer.browser_cookies()
        context.cookies |= cookies
    if state.quotas.clients_reached:
        raise replies.denied(CONCURRENT_USERS)
    session = state.sessions.create(server=context.route.server, browser=browser, token=token, version=context.version)
    context.denied = False
    return replies.reply(
        message,
        ext=replies.negotiated(),
        minimumVersion="1.0",
        clientId=session.client_id,
        supportedConnectionTypes=[_CONNECTION_TYPE],
        version="1.0",
    )


def _require_long_polling(asked: Any) -> None:
    if isinstance(asked, list) and asked and _CONNECTION_TYPE not in asked:
        raise Refused(connection_type(asked[0]), advice=replies.DENIED_ADVICE)
