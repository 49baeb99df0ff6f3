"""What a streaming client asks of the REST API: how much is left of the org's limits.

Owns one request and its answer ("Limits", REST API Developer Guide).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from .errors import QuotaError, RestError, TokenDeadError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Limit", "read_limits")

_STREAMING: Final = ("StreamingApi", "PlatformEvent")
_TIMEOUT: Final = 30.0


class Limit(NamedTuple):
    """A limit of an org.

    Attributes:
        name: Salesforce's name for it.
        most: How much there is.
        left: How much is left.
    """

    name: str
    most: int
    left: int


async def read_limits(
    instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None
) -> list[Limit]:
    """The limits that concern streaming.

    Args:
        instance_url: Where the org is.
        token: An access token or session id.
        version: The API version, such as ``67.0``.
        http: What to ask with; one of its own by default.

    Raises:
        RestError: The org refuses, or does not answer; a `TokenDeadError` or `QuotaError` too where that is why.
    """
    url = f"{instance_url.rstrip('/')}/services/data/v{version}/limits"
    client = http or httpx.AsyncClient(timeout=_TIMEOUT)
    try:
        answer = await client.get(url, headers={"Authorization": f"Bearer {token}"})
    except httpx.HTTPError as error:
        raise RestError(f"{url}: {type(error).__name__}: {error}") from error
    finally:
        if http is None:
            await client.aclose()
    content = _json(answer)
    if answer.status_code != 200 or not isinstance(content, dict):
        raise _refusal(url, answer.status_code, content)
    return sorted(_limits(content))


def _limits(content: Mapping[str, Any]) -> list[Limit]:
    return [
        Limit(name, given["Max"], given["Remaining"])
        for name, given in content.items()
        if any(word in name for word in _STREAMING) and isinstance(given, dict) and {"Max", "Remaining"} <= given.keys()
    ]


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _refusal(url: str, status: int, content: Any) -> RestError:
    first = content[0] if isinstance(content, list) and content else content
    said: Mapping[str, Any] = first if isinstance(first, dict) else {}
    code, text = (said.get(name) for name in ("errorCode", "message"))
    code = code if isinstance(code, str) else ""
    why = ": ".join(str(part) for part in (code, text) if part) or "no answer that makes sense"
    kind = _REFUSALS.get(code, RestError)
    error = kind(f"{url}: HTTP {status}: {why}", status=status, code=code)
    if issubclass(kind, QuotaError):
        error.advice = "the org's API requests are used up for now; streaming has limits of its own"
    return error


class _TokenDead(TokenDeadError, RestError):
    """The REST API knows the token no more."""


class _Quota(QuotaError, RestError):
    """The org has used up its API requests."""


_REFUSALS: Final[Mapping[str, type[RestError]]] = {
    "INVALID_SESSION_ID": _TokenDead,
    "LIMIT_EXCEEDED": _Quota,
    "REQUEST_LIMIT_EXCEEDED": _Quota,
}
