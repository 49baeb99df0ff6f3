"""The REST API, as far as it is used: the org's limits ("Limits", REST API Developer Guide), and a check of a token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import httpx

from .errors import InvalidTokenError, QuotaError, RestError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("Limit", "check_token", "read_limits")

_STREAMING: Final = ("StreamingApi", "PlatformEvent")
_TIMEOUT: Final = 30.0


class Limit(NamedTuple):
    """A limit of an org.

    Attributes:
        name: Salesforce's name of the limit.
        most: The limit.
        left: What is left of it.
    """

    name: str
    most: int
    left: int


async def read_limits(
    instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None
) -> list[Limit]:
    """Read the limits that concern streaming, sorted by name.

    Args:
        instance_url: The URL of the org.
        token: An access token or session id.
        version: The API version, such as ``67.0``.
        http: The HTTP client, which stays open; None for a new one.

    Raises:
        RestError: The org refused or did not answer. It is an `InvalidTokenError` or `QuotaError` too if that is the
            cause.
    """
    return sorted(_limits(await _get(f"{_base(instance_url, version)}/limits", token, http)))


async def check_token(instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None) -> None:
    """Make a request that needs a token and no permission but *API Enabled*. The arguments are those of `read_limits`.

    Raises:
        RestError: The org refused or did not answer.
    """
    await _get(_base(instance_url, version), token, http)


def _base(instance_url: str, version: str) -> str:
    return f"{instance_url.rstrip('/')}/services/data/v{version}"


async def _get(url: str, token: str, http: httpx.AsyncClient | None) -> Mapping[str, Any]:
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
    return content


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
    fields: Mapping[str, Any] = first if isinstance(first, dict) else {}
    code, text = (fields.get(name) for name in ("errorCode", "message"))
    code = code if isinstance(code, str) else ""
    why = ": ".join(str(part) for part in (code, text) if part) or "expected a JSON object"
    kind = _REFUSALS.get(code, RestError)
    error = kind(f"{url}: HTTP {status}: {why}", status=status, code=code)
    if issubclass(kind, QuotaError):
        error.advice = "wait until the org has API requests left; streaming has limits of its own"
    return error


class _InvalidToken(InvalidTokenError, RestError):
    """The REST API does not accept the token."""


class _Quota(QuotaError, RestError):
    """The org has used up its API requests."""


_REFUSALS: Final[Mapping[str, type[RestError]]] = {
    "INVALID_SESSION_ID": _InvalidToken,
    "LIMIT_EXCEEDED": _Quota,
    "REQUEST_LIMIT_EXCEEDED": _Quota,
}
