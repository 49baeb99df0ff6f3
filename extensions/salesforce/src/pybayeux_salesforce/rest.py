"""The REST API of an org: one client for all its resources, the errors of its refusals, and the usage that it reports.

Sources: REST API Developer Guide ("Query", "Limit Info Header", "Status Codes and Error Responses"); Object Reference
("Organization"). What the resources mean is in the modules that use them.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from .errors import InvalidTokenError, QuotaError, RestError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Self

    import httpx

__all__ = ("ApiUsage", "Organization", "RestClient", "check_token", "read_organization")

_TIMEOUT: Final = 30.0
_ORGANIZATION: Final = "SELECT Id, InstanceName FROM Organization"
_SHORT_ID: Final = 15
"""The first characters of an id; the rest of the long form is a checksum."""
_USAGE: Final = re.compile(r"\bapi-usage=(?P<used>\d+)/(?P<most>\d+)")
_DAY: Final = timedelta(hours=24)


class ApiUsage(NamedTuple):
    """The usage of the org's daily API requests, as an answer states it.

    Attributes:
        used: The requests of the last 24 hours, by all clients of the org.
        most: The limit.
    """

    used: int
    most: int


class Organization(NamedTuple):
    """An org.

    Attributes:
        org_id: Its id, 15 characters.
        instance: The name of the instance that it is on, such as ``CS42`` or ``USA1234``.
    """

    org_id: str
    instance: str


class RestClient:
    """The REST API of one org, for one user. Use it with ``async with``.

    A path is relative to ``/services/data/vXX.X/``, such as ``limits`` or ``tooling/query``. One that begins with a
    slash is relative to the org, as a ``nextRecordsUrl`` is.

    Args:
        instance_url: The URL of the org.
        token: An access token or session id.
        version: The API version, such as ``67.0``.
        http: The HTTP client, which stays open; None for a new one.

    Attributes:
        version: The API version.
        usage: The usage of API requests that the last answer stated (``Sforce-Limit-Info``); None before the first.
        server_time: The time of the last answer by the org's clock, in whole seconds (``Date``).
    """

    def __init__(self, instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None) -> None:
        self.version: Final = version
        self._origin: Final = instance_url.rstrip("/")
        self._base: Final = f"{self._origin}/services/data/v{version}"
        self._headers: Final = {"Authorization": f"Bearer {token}"}
        self._http = http
        self._own: httpx.AsyncClient | None = None
        self.usage: ApiUsage | None = None
        self.server_time: datetime | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the HTTP client, unless it is the caller's."""
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    async def get(self, path: str) -> Mapping[str, Any]:
        """Return the JSON object at a path.

        Raises:
            RestError: The org refused or did not answer, or the answer is not an object.
        """
        return self._object(await self.request("GET", path))

    async def post(self, path: str, content: Any) -> Mapping[str, Any]:
        """Create something, and return the answer's JSON object; its ``id`` is that of the new record.

        Raises:
            RestError: The org refused or did not answer, or the answer is not an object.
        """
        return self._object(await self.request("POST", path, json=content))

    async def patch(self, path: str, content: Any) -> None:
        """Change a record.

        Raises:
            RestError: The org refused or did not answer.
        """
        await self.request("PATCH", path, json=content)

    async def delete(self, path: str) -> None:
        """Delete a record.

        Raises:
            RestError: The org refused or did not answer.
        """
        await self.request("DELETE", path)

    async def query(self, soql: str, *, resource: str = "query") -> AsyncIterator[Mapping[str, Any]]:
        """Yield the records of a query. Further pages are requested when they are needed.

        Args:
            soql: The query.
            resource: ``query``, ``queryAll`` (deleted and archived records too) or ``tooling/query``.

        Raises:
            RestError: The org refused or did not answer, or the answer has no records.
        """
        path: str | None = f"{resource}?q={quote(soql)}"
        while path is not None:
            page = await self.get(path)
            records = page.get("records")
            if not isinstance(records, list):
                raise RestError(f"{self.url_of(path)}: expected records")
            for record in records:
                yield record
            following = page.get("nextRecordsUrl")
            path = following if isinstance(following, str) else None

    async def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        """Make a request, and return the answer if its status is 2xx.

        Args:
            method: The HTTP method.
            path: The path.
            arguments: Further arguments of `httpx.AsyncClient.request`, such as ``json``, ``content`` or ``headers``.

        Raises:
            RestError: The org refused or did not answer. It is an `InvalidTokenError` or `QuotaError` too if that is
                the cause.
        """
        import httpx  # slow to import, and not needed to show a help text

        client = self._http or self._own
        if client is None:
            client = self._own = httpx.AsyncClient(timeout=_TIMEOUT)
        url = self.url_of(path)
        headers = {**arguments.pop("headers", {}), **self._headers}
        try:
            answer = await client.request(method, url, headers=headers, **arguments)
        except httpx.HTTPError as error:
            raise RestError(f"{url}: {type(error).__name__}: {error}") from error
        self._note_usage(answer)
        if not answer.is_success:
            raise _refusal(url, answer)
        return answer

    def url_of(self, path: str) -> str:
        """Return the URL of a path."""
        return f"{self._origin}{path}" if path.startswith("/") else f"{self._base}/{path}".rstrip("/")

    def _note_usage(self, answer: httpx.Response) -> None:
        if found := _USAGE.search(answer.headers.get("Sforce-Limit-Info", "")):
            self.usage = ApiUsage(int(found["used"]), int(found["most"]))
        with suppress(ValueError):
            self.server_time = parsedate_to_datetime(answer.headers.get("Date", ""))

    def _object(self, answer: httpx.Response) -> Mapping[str, Any]:
        content = _json(answer)
        if not isinstance(content, dict):
            raise _refusal(str(answer.request.url), answer)
        return content


async def check_token(instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None) -> None:
    """Make a request that needs a token and no permission but *API Enabled*. The arguments are those of `RestClient`.

    Raises:
        RestError: The org refused or did not answer.
    """
    async with RestClient(instance_url, token, version, http=http) as rest:
        await rest.get("")


async def read_organization(
    instance_url: str, token: str, version: str, *, http: httpx.AsyncClient | None = None
) -> Organization:
    """Read the org's id and the name of its instance. The arguments are those of `RestClient`.

    Raises:
        RestError: The org refused or did not answer, as it does a user without the permission *API Enabled*.
    """
    async with RestClient(instance_url, token, version, http=http) as rest:
        records = [record async for record in rest.query(_ORGANIZATION)]
    try:
        (record,) = records
        org_id, instance = record["Id"], record["InstanceName"]
    except (KeyError, TypeError, ValueError):
        org_id = instance = None
    if not isinstance(org_id, str) or not isinstance(instance, str):
        raise RestError(f"{rest.url_of('query')}: expected one record with Id and InstanceName")
    return Organization(org_id[:_SHORT_ID], instance)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _refusal(url: str, answer: httpx.Response) -> RestError:
    """Return the error of an answer; its body has a code and a text ("Status Codes and Error Responses")."""
    content, status = _json(answer), answer.status_code
    first = content[0] if isinstance(content, list) and content else content
    fields: Mapping[str, Any] = first if isinstance(first, dict) else {}
    code, text = (fields.get(name) for name in ("errorCode", "message"))
    code = code if isinstance(code, str) else ""
    why = ": ".join(str(part).rstrip(". ") for part in (code, text) if part) or "expected a JSON object"
    kind = _REFUSALS.get(code, RestError)
    error = kind(f"{url}: HTTP {status}: {why}", status=status, code=code)
    if isinstance(error, QuotaError):
        error.advice = "wait until the org has API requests left; streaming has limits of its own"
        if "concurrent" not in str(text).lower():
            error.ends_by = datetime.now(UTC) + _DAY
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
