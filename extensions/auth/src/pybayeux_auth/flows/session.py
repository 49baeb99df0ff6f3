"""A session that somebody else has opened, such as a SOAP login: its id is a token like any other to Salesforce."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from ..digest import digest
from ..errors import LoginMisconfiguredError
from ..grant import Grant, address_of, checked_token
from ..salesforce_id import long_id
from ..secret import Secret
from .base import Flow

if TYPE_CHECKING:
    from ..secret import SecretSource

__all__ = ("SessionFlow",)

_ORG_ID: Final = re.compile(r"(?P<org>00D\w{12,15})!")
"""The beginning of Salesforce's session ids."""


class SessionFlow(Flow):
    """Gives a session id as it is. It cannot be renewed: when the session has ended, somebody has to log in again.

    Args:
        session_id: The session id, ``sessionId`` of a SOAP login.
        server_url: The org's address, or the login's ``serverUrl``.

    Raises:
        LoginMisconfiguredError: The address is none.
    """

    name: ClassVar[str] = "session"
    is_renewable: ClassVar[bool] = False

    def __init__(self, *, session_id: SecretSource, server_url: str) -> None:
        address = address_of(server_url)
        if address is None:
            raise LoginMisconfiguredError("server_url: write https://MyDomainName.my.salesforce.com")
        self._id: Final = Secret(session_id, "session_id")
        self._address: Final = address

    def __repr__(self) -> str:
        return f"SessionFlow({self._address})"

    async def __call__(self) -> Grant:
        """Give the session."""
        try:
            session_id = checked_token(await self._id.read())
        except ValueError as error:
            raise LoginMisconfiguredError(f"session_id: {error}") from None
        org = _ORG_ID.match(session_id)
        return Grant(access_token=session_id, instance_url=self._address, org_id=long_id(org["org"]) if org else None)

    async def credentials(self) -> str:
        """The session id."""
        return digest(await self._id.read())
