"""Grants: the result of a login, parsed from a token endpoint's response (RFC 6749, section 5.1).

Salesforce's additions to the response are parsed too: the ids of org and user, and the URL of the org.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from .trusted_origins import origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Grant", "base_url_of", "checked_token", "grant_of", "long_id")

_IDENTITY: Final = re.compile(r"/id/(?P<org>00D\w{12,15})/(?P<user>005\w{12,15})/?$")
"""The end of Salesforce's ``id``, the URL of the user."""
_MILLISECONDS: Final = 1e11
"""A larger number is in milliseconds; in seconds it would be the year 5138."""
_ID_DIGITS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHORT_ID: Final = 15
_ID_PART: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An access token and its metadata. Times are seconds since the epoch. The repr contains no tokens.

    Attributes:
        access_token: The token.
        token_type: The type of the token, nearly always ``Bearer``.
        scope: The scopes, in the server's order.
        instance_url: The URL of the user's org, scheme and host (Salesforce), or None.
        org_id: The id of the org, 18 characters, or None.
        user_id: The id of the user, 18 characters, or None.
        issued_at: When the token was issued, or None.
        expires_at: When the token expires; None if the server does not say. Salesforce does not: its org's session
            policy decides, and use prolongs the session.
        refresh_token: The refresh token that came with it, or None.
    """

    access_token: str = field(repr=False)
    token_type: str = "Bearer"  # noqa: S105
    scope: tuple[str, ...] = ()
    instance_url: str | None = None
    org_id: str | None = None
    user_id: str | None = None
    issued_at: float | None = None
    expires_at: float | None = None
    refresh_token: str | None = field(default=None, repr=False)


def checked_token(token: object, name: str = "token") -> str:
    """Return a token without surrounding whitespace, after a check that it can be sent in a header.

    Args:
        token: The token.
        name: The name of the option, for errors.

    Raises:
        TypeError: The token is not text.
        ValueError: The token is empty or has control characters. The error does not contain it.
    """
    if not isinstance(token, str):
        raise TypeError(f"{name}: expected text; got {type(token).__name__}")
    stripped = token.strip()
    if not stripped or not stripped.isprintable():
        raise ValueError(f"{name}: expected text without control characters; it is empty or has some")
    return stripped


def grant_of(answer: Mapping[str, Any], now: float) -> Grant:
    """Return the grant in a token endpoint's response. Members of an unexpected type are ignored, except the token.

    Args:
        answer: The JSON object.
        now: The present time, in seconds since the epoch.

    Raises:
        TypeError: The response has no token.
        ValueError: The token is empty or has control characters.
    """
    identity = _IDENTITY.search(_text(answer, "id") or "")
    lifetime = _number(answer, "expires_in")
    return Grant(
        access_token=checked_token(answer.get("access_token")),
        token_type=_text(answer, "token_type") or "Bearer",
        scope=tuple((_text(answer, "scope") or "").split()),
        instance_url=base_url_of(_text(answer, "instance_url")),
        org_id=long_id(identity["org"]) if identity else None,
        user_id=long_id(identity["user"]) if identity else None,
        issued_at=_issued_at(answer, now),
        expires_at=None if lifetime is None else now + lifetime,
        refresh_token=_text(answer, "refresh_token"),
    )


def _issued_at(answer: Mapping[str, Any], now: float) -> float:
    issued = _number(answer, "issued_at")
    if issued is None:
        return now
    return issued / 1000 if issued > _MILLISECONDS else issued


def _text(answer: Mapping[str, Any], name: str) -> str | None:
    value = answer.get(name)
    return value.strip() or None if isinstance(value, str) else None


def _number(answer: Mapping[str, Any], name: str) -> float | None:
    # Some servers send numbers as text.
    value = answer.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < float("inf") else None


def base_url_of(url: str | None) -> str | None:
    """Return scheme and host of a URL; None if it is not a URL of a server."""
    if url is None:
        return None
    try:
        origin_of(url)
    except ValueError:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def long_id(text: str) -> str:
    """Return the 18-character form of a 15-character Salesforce id, so that the two can be compared.

    Each of the three additional characters encodes which of five characters are capitals, the first one in the lowest
    bit. Text of any other length is returned unchanged.
    """
    if len(text) != _SHORT_ID:
        return text
    parts = [text[start : start + _ID_PART] for start in range(0, _SHORT_ID, _ID_PART)]
    capitals = (sum(character.isupper() << bit for bit, character in enumerate(part)) for part in parts)
    return text + "".join(_ID_DIGITS[each] for each in capitals)
