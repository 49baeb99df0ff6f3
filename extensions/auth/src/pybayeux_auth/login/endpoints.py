"""The endpoints of a login server: those of Salesforce, and those that another server's metadata names (RFC 8414)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ..errors import LoginMisconfiguredError, LoginUnreachableError
from ..flows.http import new_http
from ..flows.login_url import parse_login_url

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Endpoints", "find_endpoints")

_WELL_KNOWN: Final = "/.well-known/"
_DOCUMENTS: Final = ("oauth-authorization-server", "openid-configuration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The endpoints of a login server. One that the server does not have is None.

    Attributes:
        login_url: What the option `login_url` has to be: Salesforce's host, or the URL of the token endpoint.
        authorization: Where a person logs in with a browser.
        device: Where a device asks for its codes.
        revocation: Where tokens are revoked.
        issuer: The server's name for itself, if it says it (RFC 9207).
        is_salesforce: Whether it speaks Salesforce's dialect of the device flow.
    """

    login_url: str
    authorization: str | None = None
    device: str | None = None
    revocation: str | None = None
    issuer: str | None = None
    is_salesforce: bool = False


async def find_endpoints(url: str) -> Endpoints:
    """Find the endpoints of a login server.

    Args:
        url: ``https://host`` for Salesforce; for another server the URL of its token endpoint or of its metadata, which
            has ``/.well-known/`` in it.

    Raises:
        LoginMisconfiguredError: The URL is not valid, or there is no metadata where it should be.
        LoginUnreachableError: The server does not answer.
    """
    place = parse_login_url(url)
    if place.endpoint != place.audience:
        oauth = f"{place.origin}/services/oauth2"
        return Endpoints(
            login_url=place.origin,
            authorization=f"{oauth}/authorize",
            device=place.endpoint,
            revocation=f"{oauth}/revoke",
            is_salesforce=True,
        )
    if _WELL_KNOWN in place.endpoint:
        return _endpoints(await _metadata([place.endpoint]), place.endpoint)
    documents = [f"{place.origin}{_WELL_KNOWN}{name}" for name in _DOCUMENTS]
    found = _endpoints(await _metadata(documents), documents[0])
    if found.login_url != place.endpoint:
        raise LoginMisconfiguredError(
            f"the metadata at {place.origin} is that of another token endpoint, {found.login_url}: use that, or give "
            f"the URL of the right metadata, which has {_WELL_KNOWN} in it"
        )
    return found


async def _metadata(documents: list[str]) -> Mapping[str, Any]:
    """The first of these documents that exists."""
    origin = "://".join(urlsplit(documents[0])[:2])
    async with new_http() as http:
        for document in documents:
            try:
                response = await http.get(document, headers={"Accept": "application/json"})
                answer = response.json() if response.status_code == 200 else None
            except ValueError:
                continue
            except Exception as error:  # those of the HTTP library
                raise LoginUnreachableError(origin, f"{type(error).__name__}: {error}".rstrip(": ")) from error
            if isinstance(answer, dict):
                return answer
    raise LoginMisconfiguredError(
        f"expected the server's metadata at {' or '.join(documents)}, and there is none: give its URL, which has "
        f"{_WELL_KNOWN} in it"
    )


def _endpoints(metadata: Mapping[str, Any], document: str) -> Endpoints:
    token = _endpoint(metadata, "token_endpoint")
    if token is None:
        raise LoginMisconfiguredError(f"expected a token_endpoint in the metadata at {document}; it has none")
    issuer = metadata.get("issuer")
    return Endpoints(
        login_url=token,
        authorization=_endpoint(metadata, "authorization_endpoint"),
        device=_endpoint(metadata, "device_authorization_endpoint"),
        revocation=_endpoint(metadata, "revocation_endpoint"),
        issuer=issuer if isinstance(issuer, str) else None,
    )


def _endpoint(metadata: Mapping[str, Any], name: str) -> str | None:
    """An endpoint of the metadata, after a check that secrets can be sent there."""
    url = metadata.get(name)
    if not isinstance(url, str):
        return None
    try:
        parse_login_url(url)
    except LoginMisconfiguredError as error:
        raise LoginMisconfiguredError(f"{name} of the server's metadata: {error}") from error
    return url
