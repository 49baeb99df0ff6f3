"""What went wrong with a WebSocket upgrade, in the words of `TransportError`.

Owns what means that the server, or what is before it, has no WebSocket here: then another transport is tried.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

import httpx
from websockets.exceptions import InvalidHandshake, InvalidProxy, InvalidProxyStatus, InvalidURI, ProxyError

from ..errors import TransportError
from .retry_after import seconds_to_wait

if TYPE_CHECKING:
    from ..redact import Redactor

__all__ = ("other_subprotocol", "refused_upgrade", "upgrade_failure")

_PASSING: Final = frozenset({401, 407, 408, 425, 429, 500, 502, 503, 504})
"""Statuses that say nothing of WebSocket: who asks is not known, or the server is in trouble."""


def upgrade_failure(error: Exception, redact: Redactor, *, patience: float | None = None) -> TransportError:
    """The failure of an upgrade that was not answered, or not with a valid answer.

    Args:
        error: What happened.
        redact: Takes secrets out of a text.
        patience: How long the answer was waited for; None where there was not even a connection.
    """
    text = f"{type(error).__name__}: {redact(str(error)) or 'no reason given'}"
    if isinstance(error, InvalidURI | httpx.InvalidURL | ValueError | ssl.SSLCertVerificationError):
        return TransportError(text, unsent=True, fatal=True)
    if isinstance(error, TimeoutError) and patience is not None:
        return TransportError(f"no answer to the upgrade within {patience:g} s", unsent=True, unavailable=True)
    if isinstance(error, InvalidProxy):  # whose text has the proxy's address, perhaps with a password
        return TransportError(f"the address of the proxy is wrong: {error.msg}", unsent=True)
    if isinstance(error, InvalidProxyStatus):
        return TransportError(f"the proxy refuses: {text}", unsent=True, unavailable=True)
    if isinstance(error, InvalidHandshake) and not isinstance(error, ProxyError):
        return TransportError(f"no WebSocket upgrade: {text}", unsent=True, unavailable=True)
    return TransportError(text, unsent=True, unavailable=isinstance(error, ImportError))  # of a kind of proxy


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
