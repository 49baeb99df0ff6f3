"""SOAP logins: ``POST /services/Soap/u/NN.0`` with a username and a password.

Owns the envelope and its faults (SOAP API guide, ``login()``). The session id that it returns is an access token.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from starlette.responses import Response

from ..org.versions import OLDEST_WITHOUT_SOAP_LOGIN, Version

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from ..org.users import User
    from ..state import OrgState

__all__ = ("Soap",)

_ENVELOPE: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" '
    'xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<soapenv:Body>{}</soapenv:Body></soapenv:Envelope>"
)
_RESULT: Final = (
    "<loginResponse><result><metadataServerUrl>{server}</metadataServerUrl><passwordExpired>false</passwordExpired>"
    "<sandbox>false</sandbox><serverUrl>{server}</serverUrl><sessionId>{token}</sessionId><userId>{user_id}</userId>"
    "<userInfo><organizationId>{org_id}</organizationId><userId>{user_id}</userId><userName>{username}</userName>"
    "</userInfo></result></loginResponse>"
)
_FAULT: Final = (
    "<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring><detail>"
    '<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
    "<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
)
_INVALID: Final = "Invalid username, password, security token; or user locked out."


class Soap:
    """Answers SOAP logins.

    Args:
        state: The org.
        origin: Returns the org's URL.
    """

    def __init__(self, state: OrgState, origin: Callable[[], str]) -> None:
        self._state: Final = state
        self._origin: Final = origin

    def login(self, request: Request, body: bytes) -> Response:
        """Log a user in."""
        try:
            version = Version.parse(request.path_params["version"])
            username, password = _username_and_password(body)
        except (ValueError, ElementTree.ParseError):
            return _fault("UNKNOWN_EXCEPTION", "Premature end of file.")
        if not self._state.options.soap_login or version >= OLDEST_WITHOUT_SOAP_LOGIN:
            return self._failed(username, "INVALID_OPERATION", "SOAP API login() is not available in this version.")
        user = self._state.users.with_password(username, password)
        if user is None:
            return self._failed(username, "INVALID_LOGIN", _INVALID)
        self._state.logins.add("soap", username)
        return self._succeeded(user, version)

    def _succeeded(self, user: User, version: Version) -> Response:
        token = self._state.tokens.issue(user.username)
        server = f"{self._origin()}/services/Soap/u/{version}/{self._state.org_id[:15]}"
        return _xml(
            _RESULT.format(
                server=server,
                token=token.value,
                user_id=user.user_id,
                org_id=self._state.org_id,
                username=escape(user.username),
            )
        )

    def _failed(self, username: str, code: str, text: str) -> Response:
        self._state.logins.add("soap", username, error=f"{code}: {text}")
        return _fault(code, text)


def _username_and_password(body: bytes) -> tuple[str, str]:
    """The username and the password, with any namespace prefixes.

    Raises:
        ParseError: The body is not XML.
        ValueError: It is not a login.
    """
    elements = ElementTree.fromstring(body).iter()  # noqa: S314 - Expat limits entities and loads no files
    texts = {element.tag.rpartition("}")[2]: element.text or "" for element in elements}
    if "login" not in texts:
        raise ValueError("no login")
    return texts.get("username", "").strip(), texts.get("password", "").strip()


def _xml(content: str, status: int = 200) -> Response:
    return Response(_ENVELOPE.format(content), status, media_type="text/xml;charset=UTF-8")


def _fault(code: str, text: str) -> Response:
    return _xml(_FAULT.format(code=code, text=escape(text)), 500)
