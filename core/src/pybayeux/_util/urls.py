"""Addresses of servers: how the user writes them, their hosts, and HTTP's and WebSocket's schemes for one server."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from ..errors import UsageError

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
    """Where a server is, and the user and password that the address carried."""

    url: str
    credentials: tuple[str, str] | None


def transport_url(url: str) -> str:
    """The address of a transport's own; ``ws`` and ``wss`` are good as well.

    Raises:
        UsageError: It is no address, or has a user or password in it.
    """
    endpoint = parse_endpoint(url, (*_SCHEMES, *_WEBSOCKET))
    if endpoint.credentials is not None:
        raise UsageError("url: a user and password belong into the client's own address")
    return endpoint.url


def has_foreign_scheme(url: str) -> bool:
    """Whether an address is in a scheme that only an extension may know, such as ``salesforce://my-org``."""
    scheme, separator, _ = url.partition("://")
    return bool(separator and scheme) and scheme.lower() not in (*_SCHEMES, *_WEBSOCKET)


def host_of(url: str) -> str:
    """The host of an address, with its port if there is one."""
    return urlsplit(url).netloc.rpartition("@")[2]


def at_host(url: str, host: str) -> str:
    """The same address at another host, or the address that `host` is, with the path of this one if it has none."""
    own, other = urlsplit(url), urlsplit(host if "://" in host else f"//{host}")
    scheme = other.scheme if other.scheme in _SCHEMES else own.scheme
    bare = other.netloc.rpartition("@")[2]
    return urlunsplit((scheme, bare, other.path if other.path.strip("/") else own.path, own.query, ""))


def parse_endpoint(url: str, schemes: tuple[str, ...] = _SCHEMES) -> Endpoint:
    """Take an address apart, so that its password goes into no text.

    Raises:
        UsageError: No http or https address.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        parts.port  # noqa: B018 - raises where the port is no number
    except ValueError:
        # The reason quotes the address, perhaps a part of its password.
        raise UsageError("url: its host or port cannot be read; a / in a password is to be written as %2F") from None
    if parts.scheme not in schemes or not host or ("%" in host and ":" not in host):
        shown = f"{parts.scheme}://…" if parts.scheme else "no scheme"
        known = "; no extension knows this scheme either" if has_foreign_scheme(url) else ""
        raise UsageError(f"url: {shown} is not the address of a server, such as https://host/cometd{known}")
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    if parts.username is None:
        return Endpoint(bare, None)
    return Endpoint(bare, (unquote(parts.username), unquote(parts.password or "")))


def as_http(url: str) -> str:
    """The address with HTTP's scheme; one of something else stays as it is."""
    return _with_scheme(url, _AS_HTTP)


def as_websocket(url: str) -> str:
    """The address with a WebSocket's scheme; one of something else stays as it is."""
    return _with_scheme(url, _AS_WEBSOCKET)


def _with_scheme(url: str, schemes: dict[str, str]) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{schemes.get(scheme.lower(), scheme)}{separator}{rest}"
