"""User and password, in the forms in which httpx takes them (RFC 7617)."""

from __future__ import annotations

from typing import Any

import httpx

__all__ = ("authorization", "is_basic")


def is_basic(auth: Any) -> bool:
    """Whether this is no authentication at all, or no more than user and password."""
    return auth is None or isinstance(auth, tuple | list) or type(auth) is httpx.BasicAuth


def authorization(auth: Any) -> str | None:
    """The value of the header `Authorization`, or None."""
    if auth is None:
        return None
    basic = auth if isinstance(auth, httpx.BasicAuth) else httpx.BasicAuth(*auth)
    request = next(basic.auth_flow(httpx.Request("GET", "http://any/")))
    return request.headers["Authorization"]
