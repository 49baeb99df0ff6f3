"""The URL of a login server: parsed into token endpoint and audience."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from ..errors import LoginMisconfiguredError

__all__ = ("SALESFORCE", "LoginUrl", "parse_login_url")

SALESFORCE: Final = "https://login.salesforce.com"
"""The login server of Salesforce's production orgs. That of sandboxes is https://test.salesforce.com."""

_PATH: Final = "/services/oauth2/token"


@dataclass(frozen=True, slots=True)
class LoginUrl:
    """A login server.

    Attributes:
        host: The host, with the port if there is one.
        origin: Scheme and host.
        endpoint: The URL of the token endpoint.
        audience: The audience that a JWT needs there (RFC 7523, section 3): Salesforce expects the origin, others the
            URL of the token endpoint.
    """

    host: str
    origin: str
    endpoint: str
    audience: str


def parse_login_url(url: str) -> LoginUrl:
    """Parse a login URL: ``https://host`` is a Salesforce host, a URL with a path is the token endpoint of any server.

    Raises:
        LoginMisconfiguredError: The URL has another form, or is not encrypted and not on this machine.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise LoginMisconfiguredError("login_url: expected https://host or the URL of a token endpoint, without a user")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise LoginMisconfiguredError(
            f"login_url: expected https, because secrets are sent there; got http://{parts.netloc}"
        )
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.path.strip("/"):
        endpoint = parts._replace(fragment="").geturl()
        return LoginUrl(parts.netloc, origin, endpoint, endpoint)
    return LoginUrl(parts.netloc, origin, origin + _PATH, origin)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
