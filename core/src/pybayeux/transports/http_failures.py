"""Failures of HTTP requests as `TransportError`: of the network, and of the answer's status."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .._util.dates import parse_date
from ..errors import TransportError

if TYPE_CHECKING:
    from .._util.redact import Redactor
    from .redirects import Redirect

__all__ = (
    "network_failure",
    "request_failure",
    "response_of",
    "seconds_to_wait",
    "status_failure",
)

# By name: `http=` may be a client of another library than httpx with the same surface, and the same names of errors.
_UNSENT: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})
"""A proxy's error is that it makes no connection; what a proxy says of a request that has left is a status."""
_FATAL: Final = frozenset({"InvalidURL", "UnsupportedProtocol"})
_LONGEST_WAIT: Final = 86_400.0
_NO_CONNECTION_FREE: Final = (
    "no connection of the HTTP client became free in time; others of its users hold them all. Give it more "
    "(httpx.Limits), or each client its own"
)


def request_failure(error: Exception, redact: Redactor) -> TransportError:
    """The failure of a request that could not even be made; no other attempt can do better."""
    return TransportError(
        f"no request can be made: {type(error).__name__}: {redact(str(error))}", fatal=True, unsent=True
    )


def network_failure(error: Exception, redact: Redactor, way: str = "") -> TransportError:
    """The failure of a request that was not answered; the error of the HTTP library becomes its cause by `from`.

    Args:
        error: What happened.
        redact: Takes secrets out of a text.
        way: How the server was to be reached, for the text.
    """
    names = _names(error)
    text = redact(str(error)) or "no reason given"
    if "PoolTimeout" in names:
        text = _NO_CONNECTION_FREE
    return TransportError(
        f"{type(error).__name__}: {text}{way}", fatal=_is_fatal(error), unsent=not _UNSENT.isdisjoint(names)
    )


def response_of(error: Exception) -> Any:
    """The answer that an error is about, such as that of httpx's `raise_for_status`; None where it has none."""
    response = getattr(error, "response", None)
    return response if isinstance(getattr(response, "status_code", None), int) else None


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
        retry_after=seconds_to_wait(response.headers.get("Retry-After"), parse_date(response.headers.get("Date"))),
    )


def _is_fatal(error: BaseException) -> bool:
    """Whether to try again cannot help: a certificate that does not verify, a URL or an argument that is none."""
    names = _names(error)
    if (
        not _FATAL.isdisjoint(names)
        or isinstance(error, TypeError)
        or ("LocalProtocolError" in names and "header" in str(error))
    ):
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

    The header holds them, or a date; None where it holds neither. `now` is best the answer's `Date`: the clock of this
    machine may be wrong. No more than a day: a longer time is a mistake, and would stop the client for ever.
    """
    if header is None:
        return None
    if (seconds := header.strip()).isdecimal():
        return min(float(seconds), _LONGEST_WAIT)
    moment = parse_date(header)
    if moment is None:
        return None
    return min(max(0.0, (moment - (now or datetime.now(UTC))).total_seconds()), _LONGEST_WAIT)
