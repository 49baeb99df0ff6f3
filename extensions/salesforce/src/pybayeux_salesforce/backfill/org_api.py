"""Requests of a backfill: paced, and repeated after failures that pass.

Owns the waits. Which failure passes: no answer, an error of the server, a limit that is reached, and a token that is no
longer valid, once there is another one. All others are the caller's.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from ..backoff import Backoff
from ..errors import InvalidTokenError, QuotaError, RestError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    from ..rest import RestClient

__all__ = ("OrgApi",)

_logger: Final = logging.getLogger("pybayeux.salesforce")
_SERVER_ERROR: Final = 500
_REDIRECT: Final = 300
_TOO_MANY: Final = 429
_LONGEST_WAIT: Final = 300.0
_BURST: Final = 10
"""How many requests may leave at once."""
_LIMITS_LIFETIME: Final = 60.0
"""Seconds for which the number of requests left is good enough."""


class OrgApi:
    """The REST API of the org that the client is at.

    Args:
        rest: Returns the present client, the same one until there is another login; None while there is none.
        log_in_again: Called when the token is no longer valid.
        calls_per_minute: How many requests are made per minute at the most.
        first_wait: Seconds of the first wait after a failure.

    Attributes:
        requests: How many requests were made.
        server_time: The time of the last answer by the org's clock, in milliseconds of whole seconds; 0 if not known.
    """

    def __init__(
        self,
        rest: Callable[[], RestClient | None],
        log_in_again: Callable[[str], None],
        calls_per_minute: float,
        first_wait: float = 1.0,
    ) -> None:
        self.requests: int = 0
        self.server_time: int = 0
        self._rest: Final = rest
        self._log_in_again: Final = log_in_again
        self._interval: Final = 60.0 / calls_per_minute
        self._next_at = 0.0
        self._backoff: Final = Backoff(first_wait, max(first_wait, _LONGEST_WAIT))
        self._first_wait: Final = first_wait
        self._limits: tuple[int, int] | None = None
        self._limits_at = -_LIMITS_LIFETIME

    async def get(self, path: str) -> Mapping[str, Any]:
        """Return the JSON object at a path; see `RestClient`.

        Raises:
            RestError: The org refused.
        """
        found: Mapping[str, Any] = await self._call("get", path)
        return found

    async def post(self, path: str, content: Any) -> Mapping[str, Any]:
        """Create something, and return the JSON object of the answer.

        Raises:
            RestError: The org refused.
        """
        found: Mapping[str, Any] = await self._call("post", path, content)
        return found

    async def fetch(self, path: str) -> httpx.Response:
        """Return the answer at a path, of any form.

        Raises:
            RestError: The org refused.
        """
        found: httpx.Response = await self._call("request", "GET", path)
        return found

    async def delete(self, path: str) -> None:
        """Delete something.

        Raises:
            RestError: The org refused.
        """
        await self._call("delete", path)

    async def daily_requests(self) -> tuple[int, int] | None:
        """Return how many API requests the org has left for the day, and its limit; None if it does not say.

        Every answer says so. Where none did in the last minute, the resource ``limits`` is asked.
        """
        if _now() >= self._limits_at + _LIMITS_LIFETIME:
            limits = await self.get("limits")
            given, self._limits_at = limits.get("DailyApiRequests"), _now()
            self._limits = None
            if isinstance(given, dict) and {"Max", "Remaining"} <= given.keys():
                self._limits = int(given["Remaining"]), int(given["Max"])
        return self._limits

    async def _call(self, method: str, *arguments: Any) -> Any:
        while True:
            await self._pace()
            rest = self._rest()
            if rest is None:
                await asyncio.sleep(self._first_wait)
                continue
            try:
                self.requests += 1
                answer = await getattr(rest, method)(*arguments)
            except InvalidTokenError as error:
                await self._wait_for_token(rest, str(error))
            except RestError as error:
                if not _passes(error):
                    raise
                wait = self._backoff.next("call", _now())
                _logger.warning("backfill: %s; trying again in %.0f s", error, wait)
                await asyncio.sleep(wait)
            else:
                self._note(rest)
                return answer

    def _note(self, rest: RestClient) -> None:
        """Note what the last answer says besides its content."""
        if rest.server_time is not None:
            self.server_time = round(rest.server_time.timestamp() * 1000)
        if rest.usage is not None:
            self._limits, self._limits_at = (rest.usage.most - rest.usage.used, rest.usage.most), _now()

    async def _wait_for_token(self, rest: RestClient, reason: str) -> None:
        if self._rest() is rest:
            self._log_in_again(reason)
            await asyncio.sleep(self._backoff.next("login", _now()))

    async def _pace(self) -> None:
        """Wait until the next request may leave: a few may do so at once, and then one in each interval."""
        due = max(self._next_at, _now())
        self._next_at = due + self._interval
        if (wait := due - _now() - _BURST * self._interval) > 0:
            await asyncio.sleep(wait)


def _passes(error: RestError) -> bool:
    if (
        error.status is None or error.status >= _SERVER_ERROR or error.status < _REDIRECT
    ):  # no answer, or none of the org
        return True
    return error.status == _TOO_MANY or isinstance(error, QuotaError)


def _now() -> float:
    return asyncio.get_running_loop().time()
