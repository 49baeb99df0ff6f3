"""The server's address as the user gives it."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from .errors import UsageError

__all__ = ("Endpoint", "parse_endpoint")

_SCHEMES: Final = ("http", "https")


class Endpoint(NamedTuple):
    """Where a server is, and the user and password that the address carried."""

    url: str
    credentials: tuple[str, str] | None


def parse_endpoint(url: str) -> Endpoint:
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
    if parts.scheme not in _SCHEMES or not host:
        shown = f"{parts.scheme}://…" if parts.scheme else "no scheme"
        raise UsageError(f"url: {shown} is not the address of a server, such as https://host/cometd")
    bare = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    if parts.username is None:
        return Endpoint(bare, None)
    return Endpoint(bare, (unquote(parts.username), unquote(parts.password or "")))
