"""An existing Salesforce session, such as a SOAP login: its id is used as the token."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from ..errors import LoginMisconfiguredError
from ..grant import Grant, base_url_of, checked_token, long_id
from ..secret import Secret, digest
from .base import Flow

if TYPE_CHECKING:
    from ..secret import SecretSource

__all__ = ("SessionFlow",)

_ORG_ID: Final = re.compile(r"(?P<org>00D\w{12,15})!")
"""The start of Salesforce's session ids."""


class SessionFlow(Flow):
    """Returns a session id. It cannot be renewed: a new session has to be opened elsewhere when this one has ended.

    Args:
        session_id: The session id, the ``sessionId`` of a SOAP login.
        server_url: The URL of the org, or the ``serverUrl`` of a SOAP login.

    Raises:
        LoginMisconfiguredError: `server_url` is not a URL of a server.
    """

    name: ClassVar[str] = "session"
    is_renewable: ClassVar[bool] = False

    def __init__(self, *, session_id: SecretSource, server_url: str) -> None:
        url = base_url_of(server_url)
        if url is None:
            raise LoginMisconfiguredError("server_url: expected a URL such as https://MyDomainName.my.salesforce.com")
        self._id: Final = Secret(session_id, "session_id")
        self._url: Final = url

    def __repr__(self) -> str:
        return f"SessionFlow({self._url})"

    async def __call__(self) -> Grant:
        """Return the session as a grant."""
        try:
            session_id = checked_token(await self._id.read(), "session_id")
        except ValueError as error:
            raise LoginMisconfiguredError(str(error)) from None
        org = _ORG_ID.match(session_id)
        return Grant(access_token=session_id, instance_url=self._url, org_id=long_id(org["org"]) if org else None)

    async def credentials(self) -> str:
        """Return a digest of the session id."""
        return digest(await self._id.read())
