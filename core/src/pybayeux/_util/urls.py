"""Addresses of servers: parsing, hosts, and the HTTP and WebSocket schemes of the same server."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from ..errors import UsageError
from .arguments import check_text
from .known_packages import SCHEMES

__all__ = (
    "Endpoint",
    "as_http",
    "as_websocket",
    "at_host",
    "has_foreign_scheme",
    "host_of",
    "parse_endpoint",
    "transport_url",
)

_SCHEMES: Final = ("http", "https")
_WEBSOCKET: Final = ("ws", "wss")
_AS_HTTP: Final = {"ws": "http", "wss": "https"}
_AS_WEBSOCKET: Final = {"http": "ws", "https": "wss"}


class Endpoint(NamedTuple):
    """The address of a server, and the user and password that were in it."""

    url: str
    credentials: tuple[str, str] | None


def transport_url(url: str) -> str:
    """Check the address of a transport, which may also have the scheme ``ws`` or ``wss``.

    Raises:
        UsageError: It is not an address, or it contains a user or password.
    """
    endpoint = parse_endpoint(url, (*_SCHEMES, *_WEBSOCKET))
    if endpoint.credentials is not None:
        raise UsageError("url: put the user and password into the client's address, not into that of a transport")
    return endpoint.url


def has_foreign_scheme(url: str) -> bool:
    """Whether an address has a scheme that only an extension may know, such as ``salesforce://my-org``.

    Raises:
        UsageError: It is no text.
    """
    scheme, separator, _ = check_text("url", url, "an address such as https://host/cometd").partition("://")
    return bool(separator and scheme) and scheme.lower() not in (*_SCHEMES, *_WEBSOCKET)


def host_of(url: str) -> str:
    """The host of an address, with its port if there is one."""
    return urlsplit(url).netloc.rpartition("@")[2]


def at_host(url: str, host: str) -> str:
    """This address at another host. If `host` is an address itself, that one, with this path if it has none."""
    own, other = urlsplit(url), urlsplit(host if "://" in host else f"//{host}")
    scheme = other.scheme if other.scheme in _SCHEMES else own.scheme
    bare = other.netloc.rpartition("@")[2]
    return urlunsplit((scheme, bare, other.path if other.path.strip("/") else own.path, own.query, ""))


def parse_endpoint(url: str, schemes: tuple[str, ...] = _SCHEMES) -> Endpoint:
    """Split an address into the address itself and its credentials, so that the password appears in no text.

    Raises:
        UsageError: It is not an http or https address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - raises if the port is not a number
    except ValueError:
        # The reason quotes the address, perhaps a part of its password.
        raise UsageError("url: cannot read its host or port; write a / in a password as %2F") from None
    if parts.scheme not in schemes or not host or ("%" in host and ":" not in host):
        shown = f"{parts.scheme}://…" if parts.scheme else "an address without a scheme"
        package = SCHEMES.get(parts.scheme)
        hint = f" ({package} does: pip install {package})" if package else ""
        unknown = f", a scheme that no installed extension knows{hint}" if has_foreign_scheme(url) else ""
        raise UsageError(f"url: expected the address of a server, such as https://host/cometd; got {shown}{unknown}")
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    if parts.username is None:
        return Endpoint(bare, None)
    return Endpoint(bare, (unquote(parts.username), unquote(parts.password or "")))


def as_http(url: str) -> str:
    """The address with the scheme ``http`` or ``https``; an address with another scheme stays unchanged."""
    return _with_scheme(url, _AS_HTTP)


def as_websocket(url: str) -> str:
    """The address with the scheme ``ws`` or ``wss``; an address with another scheme stays unchanged."""
    return _with_scheme(url, _AS_WEBSOCKET)


def _with_scheme(url: str, schemes: dict[str, str]) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{schemes.get(scheme.lower(), scheme)}{separator}{rest}"
