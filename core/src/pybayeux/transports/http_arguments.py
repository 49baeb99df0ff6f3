"""The arguments of a client that go to an HTTP library: an error names the one that cannot be used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import httpx

from ..errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("check_auth", "check_headers", "check_http")

_SURFACE: Final = ("build_request", "send", "cookies")
_ILLEGAL: Final = re.compile(r"[\x00\r\n]")


def check_http(http: Any) -> None:
    """See that this is an HTTP client that can be used, or None.

    Raises:
        TransportError: It is not, or is closed; it is fatal.
    """
    if http is None:
        return
    if isinstance(http, httpx.Client) or not all(hasattr(http, name) for name in _SURFACE):
        raise TransportError(
            f"http=: expected an httpx.AsyncClient, or one with its surface; got a {type(http).__module__}."
            f"{type(http).__qualname__}",
            fatal=True,
            unsent=True,
        )
    if getattr(http, "is_closed", False):
        raise TransportError("http=: the HTTP client is closed", fatal=True, unsent=True)


def check_auth(auth: Any) -> None:
    """See that this is authentication in a form that httpx takes.

    Raises:
        TransportError: It is not; it is fatal.
    """
    if auth is None or callable(auth) or isinstance(auth, httpx.Auth) or hasattr(auth, "async_auth_flow"):
        return
    if isinstance(auth, tuple | list) and len(auth) == 2 and all(isinstance(part, str | bytes) for part in auth):
        return
    raise TransportError(
        f"auth=: expected (user, password), an httpx.Auth or a callable; got a {type(auth).__name__}",
        fatal=True,
        unsent=True,
    )


def check_headers(headers: Mapping[str, str]) -> None:
    """See that these headers can be sent.

    Raises:
        TransportError: One cannot; it is fatal.
    """
    for name, value in headers.items():
        try:
            name.encode("ascii")
            if not _ILLEGAL.search(name + value):
                httpx.Headers({name: value})
                continue
            why = "a line end or a null character"
        except (TypeError, AttributeError):
            why = "a value that is no text"
        except UnicodeError:
            why = "a character beyond ASCII"
        # Without the value: it may be a credential.
        raise TransportError(f"headers=: {name!r} has {why}", fatal=True, unsent=True)
