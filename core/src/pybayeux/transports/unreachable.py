"""The failure of a connection that was not made, whichever library was to make it. Opens nothing."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from ..errors import TransportError

if TYPE_CHECKING:
    from .._util.redact import Redactor

__all__ = ("describe", "unreachable")


def unreachable(error: Exception, redact: Redactor, way: str = "") -> TransportError:
    """An error of the network, or of what was to be reached, as the failure of a transport.

    Args:
        error: What happened. Neither a certificate that does not verify nor an address that is none gets better.
        redact: Takes secrets out of a text.
        way: What is between here and the server, as a part of a sentence.
    """
    hopeless = isinstance(error, ValueError | TypeError | ssl.SSLCertVerificationError)
    return TransportError(describe(error, redact, way), unsent=True, fatal=hopeless)


def describe(error: Exception, redact: Redactor, way: str = "") -> str:
    """An error as a text."""
    return f"{type(error).__name__}: {redact(str(error)) or 'no reason given'}{way}"
