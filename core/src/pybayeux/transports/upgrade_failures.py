"""What went wrong with a WebSocket upgrade, in the words of `TransportError`.

Owns what means that the server, or what is before it, has no WebSocket here: then another transport is tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ..errors import TransportError
from .retry_after import seconds_to_wait

if TYPE_CHECKING:
    import httpx

    from ..redact import Redactor

__all__ = ("other_subprotocol", "refused_upgrade", "wrong_address")

_PASSING: Final = frozenset({401, 407, 408, 425, 429, 500, 502, 503, 504})
"""Statuses that say nothing of WebSocket: who asks is not known, or the server is in trouble."""


def wrong_address(error: Exception, redact: Redactor) -> TransportError:
    """The failure of an upgrade to an address that is none."""
    return TransportError(f"{type(error).__name__}: {redact(str(error))}", unsent=True, fatal=True)


def refused_upgrade(response: httpx.Response, redact: Redactor) -> TransportError:
    """The failure of an upgrade that was answered with another status than 101."""
    status = response.status_code
    return TransportError(
        f"no WebSocket upgrade: HTTP {status} {response.reason_phrase}".rstrip(),
        status=status,
        body=redact(response.text),
        retry_after=seconds_to_wait(response.headers.get("Retry-After")),
        unsent=True,
        unavailable=status not in _PASSING,
    )


def other_subprotocol(wanted: str | None) -> TransportError:
    """The failure of an upgrade without the subprotocol that was asked for."""
    return TransportError(
        f"the server does not speak the WebSocket subprotocol {wanted!r}", unsent=True, unavailable=True
    )
