"""The address of a login server, as people write it."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from ..errors import LoginMisconfiguredError

__all__ = ("SALESFORCE", "LoginUrl", "parse_login_url")

SALESFORCE: Final = "https://login.salesforce.com"
"""Where production orgs of Salesforce log in; sandboxes do at https://test.salesforce.com, both at their My Domain."""

_PATH: Final = "/services/oauth2/token"


@dataclass(frozen=True, slots=True)
class LoginUrl:
    """Where to log in.

    Attributes:
        host: The host, with its port if there is one.
        origin: Scheme and host.
        endpoint: The token endpoint.
        audience: What a JWT names as its audience there (RFC 7523, section 3): Salesforce wants the host, others the
            address of the token endpoint.
    """

    host: str
    origin: str
    endpoint: str
    audience: str


def parse_login_url(url: str) -> LoginUrl:
    """A login server: ``https://host`` is one of Salesforce, an address with a path the token endpoint of any other.

    Raises:
        LoginMisconfiguredError: It is none, or secrets would travel in the clear.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise LoginMisconfiguredError("login_url: write https://host, or the address of a token endpoint")
    if parts.scheme == "http" and not _is_own_machine(parts.hostname):
        raise LoginMisconfiguredError(f"login_url: secrets travel by https alone, not to http://{parts.netloc}")
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.path.strip("/"):
        endpoint = parts._replace(fragment="").geturl()
        return LoginUrl(parts.netloc, origin, endpoint, endpoint)
    return LoginUrl(parts.netloc, origin, origin + _PATH, origin)


def _is_own_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
