"""What a login gives: the token, whose it is, and how long it is good.

Owns the reading of a token endpoint's answer (RFC 6749, section 5.1), with what Salesforce adds to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .origin import origin_of
from .salesforce_id import long_id

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Grant", "address_of", "checked_token", "grant_of")

_IDENTITY: Final = re.compile(r"/id/(?P<org>00D\w{12,15})/(?P<user>005\w{12,15})/?$")
"""The end of Salesforce's ``id``, the address of who has logged in."""
_MILLISECONDS: Final = 1e11
"""More seconds than this are milliseconds: in seconds it would be the year 5138."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An access token and what is known of it. Times are seconds since 1970; the tokens are not in its repr.

    Attributes:
        access_token: The token.
        token_type: How the server calls its kind, ``Bearer`` nearly always.
        scope: What it is good for, in the order of the server.
        instance_url: Where the user's org is, scheme and host (Salesforce), or None.
        org_id: The id of that org, 18 characters, or None.
        user_id: The id of the user, likewise, or None.
        issued_at: When it was given out, or None.
        expires_at: When it dies; None where the server does not say. Salesforce does not: there the org's session
            policy decides, and use prolongs it.
        refresh_token: The refresh token that came with it, or None.
    """

    access_token: str = field(repr=False)
    token_type: str = "Bearer"
    scope: tuple[str, ...] = ()
    instance_url: str | None = None
    org_id: str | None = None
    user_id: str | None = None
    issued_at: float | None = None
    expires_at: float | None = None
    refresh_token: str | None = field(default=None, repr=False)


def checked_token(token: object) -> str:
    """A token fit for a header, without spaces around it.

    Raises:
        TypeError: It is no text.
        ValueError: It is empty, or would end the header. The text does not show it: it may be a token all the same.
    """
    if not isinstance(token, str):
        raise TypeError(f"a token is text, not {type(token).__name__}")
    stripped = token.strip()
    if not stripped or not stripped.isprintable():
        raise ValueError("the token is empty or has control characters in it")
    return stripped


def grant_of(answer: Mapping[str, Any], now: float) -> Grant:
    """The grant in a token endpoint's answer. Members of an odd type count as absent, but for the token.

    Args:
        answer: The JSON object.
        now: The time of day.

    Raises:
        TypeError: It has no token.
        ValueError: Its token cannot be one.
    """
    identity = _IDENTITY.search(_text(answer, "id") or "")
    lifetime = _number(answer, "expires_in")
    return Grant(
        access_token=checked_token(answer.get("access_token")),
        token_type=_text(answer, "token_type") or "Bearer",
        scope=tuple((_text(answer, "scope") or "").split()),
        instance_url=address_of(_text(answer, "instance_url")),
        org_id=long_id(identity["org"]) if identity else None,
        user_id=long_id(identity["user"]) if identity else None,
        issued_at=_moment(answer, now),
        expires_at=None if lifetime is None else now + lifetime,
        refresh_token=_text(answer, "refresh_token"),
    )


def _moment(answer: Mapping[str, Any], now: float) -> float:
    issued = _number(answer, "issued_at")
    if issued is None:
        return now
    return issued / 1000 if issued > _MILLISECONDS else issued


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _number(answer: Mapping[str, Any], name: str) -> float | None:
    """A number, which some servers write as text."""
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < float("inf") else None


def address_of(url: str | None) -> str | None:
    """Scheme and host of an address; None where it is none."""
    if url is None:
        return None
    try:
        origin_of(url)
    except ValueError:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
