"""Failures of HTTP requests as `TransportError`: of the network, and of the answer's status."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from ..errors import TransportError

if TYPE_CHECKING:
    from .._util.redact import Redactor
    from .redirects import Redirect

__all__ = ("network_failure", "seconds_to_wait", "status_failure")

# By name: `http=` may be a client of another library than httpx with the same surface, and the same names of errors.
_UNSENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_FATAL: Final = frozenset({"InvalidURL", "UnsupportedProtocol"})


def network_failure(error: Exception, redact: Redactor) -> TransportError:
    """The failure of a request that was not answered; the error of the HTTP library becomes its cause by `from`."""
    text = redact(str(error)) or "no reason given"
    return TransportError(
        f"{type(error).__name__}: {text}", fatal=_is_fatal(error), unsent=not _UNSENT.isdisjoint(_names(error))
    )


def status_failure(response: Any, text: str, redirect: Redirect | None, redact: Redactor) -> TransportError:
    """The failure of a request that was answered with another status than 200.

    Args:
        response: The answer, as httpx has it.
        text: Its body, as far as it was read.
        redirect: Where it points, if it does.
        redact: Takes secrets out of it.
    """
    why = f"HTTP {response.status_code} {response.reason_phrase}".rstrip()
    if redirect is not None:
        why = f"{why}: it points to {redact(redirect.text)}, and is not followed"
    return TransportError(
        why,
        status=response.status_code,
        body=redact(text),
        retry_after=seconds_to_wait(response.headers.get("Retry-After")),
    )


def _is_fatal(error: BaseException) -> bool:
    """Whether to try again cannot help: a certificate that does not verify, a URL that is none."""
    if not _FATAL.isdisjoint(_names(error)):
        return True
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _names(error: BaseException) -> set[str]:
    return {each.__name__ for each in type(error).__mro__}


def seconds_to_wait(header: str | None, now: datetime | None = None) -> float | None:
    """The seconds that a `Retry-After` header asks to wait (RFC 9110, section 10.2.3).

    The header holds them, or a date; None where it holds neither.
    """
    if header is None:
        return None
    if header.strip().isdecimal():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)  # the header's dates are in GMT, also in the form that does not say so
        return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
    except (ValueError, OverflowError):
        return None
