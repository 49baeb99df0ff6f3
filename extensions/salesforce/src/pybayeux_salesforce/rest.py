"""The REST API, as far as it is used: the org's limits and instance, and a check of a token.

Sources: "Limits" and "Query", REST API Developer Guide; "Organization", Object Reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote_plus

from .errors import InvalidTokenError, QuotaError, RestError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

__all__ = ("Limit", "Organization", "check_token", "read_limits", "read_organization")

_STREAMING: Final = ("StreamingApi", "PlatformEvent")
_TIMEOUT: Final = 30.0
_ORGANIZATION: Final = "SELECT Id, InstanceName FROM Organization"
_SHORT_ID: Final = 15
"""The first characters of an id; the rest of the long form is a checksum."""


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


class Organization(NamedTuple):
    """An org.

    Attributes:
        org_id: Its id, 15 characters.
        instance: The name of the instance that it is on, such as ``CS42`` or ``USA1234``.
    """

    org_id: str
    instance: str


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


async def read_organization(
    instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None
) -> Organization:
    """Read the org's id and the name of its instance. The arguments are those of `read_limits`.

    Raises:
        RestError: The org refused or did not answer, as it does a user without the permission *API Enabled*.
    """
    url = f"{_base(instance_url, version)}/query?q={quote_plus(_ORGANIZATION)}"
    content = await _get(url, token, http)
    try:
        (record,) = content["records"]
        org_id, instance = record["Id"], record["InstanceName"]
    except (KeyError, TypeError, ValueError):
        org_id = instance = None
    if not isinstance(org_id, str) or not isinstance(instance, str):
        raise RestError(f"{url}: expected one record with Id and InstanceName")
    return Organization(org_id[:_SHORT_ID], instance)


def _base(instance_url: str, version: str) -> str:
    return f"{instance_url.rstrip('/')}/services/data/v{version}"


async def _get(url: str, token: str, http: httpx.AsyncClient | None) -> Mapping[str, Any]:
    import httpx  # slow to import, and not needed to show a help text

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
