"""Credentials in requests: the values in headers, addresses and `ext` that no log line or error may show.

A server may repeat them in its replies. When in doubt, a value counts as a secret: masking a harmless value costs one
word in an error text.
"""

from __future__ import annotations

import re
from base64 import b64decode
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("in_ext", "in_headers", "in_url", "is_secret")

_SECRET: Final = re.compile(
    r"token|secret|passw|passphrase|pwd|key|credential|auth|session|cookie|jwt|assertion|signature|sid$",
    re.IGNORECASE,
)

_INNOCENT: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "host",
        "origin",
        "transfer-encoding",
        "user-agent",
    }
)


def is_secret(name: str) -> bool:
    """Whether an option, header, variable or member of this name holds a secret: its value must not be shown.

    When in doubt it does: ``sortKey`` counts, because ``apiKey`` has to.
    """
    return _SECRET.search(name) is not None


def in_headers(headers: Mapping[str, str]) -> Iterator[str]:
    """The values of all headers except those that every request has, and the credentials inside them."""
    for name, value in headers.items():
        if name.lower() in _INNOCENT:
            continue
        scheme, _, credentials = value.rpartition(" ")
        yield value
        yield credentials
        if scheme.lower() == "basic":
            yield _password(credentials)
        if name.lower() == "cookie":
            yield from (cookie.partition("=")[2] for cookie in value.split("; "))


def in_url(url: str) -> Iterator[str]:
    """The values in the query of an address, and its password."""
    if "?" not in url and "@" not in url:
        return
    parts = urlsplit(url)
    yield from (value for _, value in parse_qsl(parts.query))
    if parts.password is not None:
        yield parts.password


def in_ext(ext: Any) -> Iterator[str]:
    """Every text in an `ext`, at any depth."""
    if isinstance(ext, str):
        yield ext
    elif isinstance(ext, dict | list):
        for value in ext.values() if isinstance(ext, dict) else ext:
            yield from in_ext(value)


def _password(basic: str) -> str:
    try:
        return b64decode(basic).decode("utf-8", "replace").partition(":")[2]
    except ValueError:  # not base64, or not ASCII
        return ""
