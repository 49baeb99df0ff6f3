"""The redactor: it removes client ids, tokens and passwords from texts.

Every text from the wire passes through it before it reaches a log line or an error.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("HasError", "Redactor")

_MASK: Final = "***"
_SHORTEST: Final = 6
_KEPT: Final = 64
_LONGEST_ERROR: Final = 2000
_READ: Final = 20_000
"""Characters beyond the limit that are searched, since masking makes a text shorter. A server may send millions."""
_NAMED: Final = re.compile(
    r"""((?!(?<=invalid_)\w{1,20}:\s+[a-z]+\s)"""
    r"""["']?(?:clientId|client_id|token|password|passwd|secret|authorization|session_?id|api_?key|BAYEUX_BROWSER)["']?"""
    r"""\s*[:=]\s*)(?:"[^"]*"?|'[^']*'?|(?:Bearer|OAuth|Basic)\s+[^\s,;&"'<>]+|[^\s,;&"'<>]+)""",
    re.IGNORECASE,
)
"""The name of a secret, and what follows. Not an error code such as INVALID_SESSION_ID, which words follow."""
_SCHEMES: Final = re.compile(r"\b(Bearer|OAuth|Basic)\s+[^\s,;&\"'<>]+", re.IGNORECASE)
_UNKNOWN_CLIENT: Final = re.compile(r"\b(40[123]):[^:\s]+:(\s*unknown client)", re.IGNORECASE)


class HasError(Protocol):
    """A message, as far as it matters here."""

    error: str | None


class Redactor:
    """Remembers the latest secrets of one client, and removes them and whatever looks like a secret from texts."""

    def __init__(self) -> None:
        self._secrets: OrderedDict[str, None] = OrderedDict()

    def remember(self, *secrets: str | None) -> None:
        """Add secrets. One of fewer than six characters is ignored: masking it would mask ordinary text too."""
        for secret in secrets:
            if secret is None or len(secret) < _SHORTEST:
                continue
            self._secrets[secret] = None
            self._secrets.move_to_end(secret)
            if len(self._secrets) > _KEPT:
                self._secrets.popitem(last=False)

    def __call__(self, text: str, limit: int = 200) -> str:
        """The text without secrets, cut to `limit` characters."""
        is_long, text = len(text) > _READ + limit, text[: _READ + limit]
        secrets = sorted(self._secrets, key=len, reverse=True)  # one may be the start of another
        for secret in secrets:
            text = text.replace(secret, _MASK)
        if is_long and secrets:
            text = text[: -len(secrets[0])]  # the cut may have left half of one
        text = _NAMED.sub(rf"\1{_MASK}", text)
        text = _SCHEMES.sub(rf"\1 {_MASK}", text)
        text = _UNKNOWN_CLIENT.sub(rf"\1:{_MASK}:\2", text)
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def clean_errors(self, messages: Iterable[HasError]) -> None:
        """Remove secrets from the `error` of replies: servers put client ids and tokens there."""
        for message in messages:
            if message.error is not None:
                message.error = self(message.error, _LONGEST_ERROR)
