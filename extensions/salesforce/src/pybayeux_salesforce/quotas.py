"""The quotas of an org, as the extension watches them while a client runs.

Owns when limits are read, which of them are nearly used up, what the client does then, and when a limit of the last 24
hours ends. What the limits are called is in `limits`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pybayeux.errors import UsageError

from .address import version_of
from .errors import InvalidTokenError, QuotaError, RestError
from .limits import CLIENTS, DELIVERY, REQUESTS, Limit, read_limits
from .session import HOLD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pybayeux import DiagnosisFindings, HookClient, Message
    from pybayeux_auth import Grant

__all__ = ("Quotas",)

_logger: Final = logging.getLogger("pybayeux.salesforce")
_DAY: Final = timedelta(hours=24)
_DAILY: Final = "daily limit"
_WATCHED: Final = frozenset({REQUESTS, *DELIVERY, *CLIENTS})
_PAUSES: Final = frozenset({REQUESTS, *DELIVERY})
"""The limits near whose end the client asks for the longest holds: fewer polls, each with what has gathered."""
_REFUSED: Final = (400, 403, 404)


class Quotas:
    """Watches the quotas of the org of one client.

    Args:
        interval: Seconds between two readings of the limits; 0 for none.
        threshold: The share of a limit, from 0 to 1, from which on it counts as nearly used up.

    Attributes:
        limits: The limits as they were read last.
        near: Those of them that are nearly used up.

    Raises:
        ValueError: `interval` is negative, or `threshold` is not a share.
    """

    def __init__(self, interval: float, threshold: float) -> None:
        if interval < 0:
            raise ValueError(f"limits_interval: expected 0 s or more; got {interval:g}")
        if not 0 < threshold <= 1:
            raise ValueError(f"limits_threshold: expected more than 0 and at most 1; got {threshold:g}")
        self._interval: Final = interval
        self._threshold: Final = threshold
        self._task: asyncio.Task[None] | None = None
        self._lengthened: str | None = None
        self._exceeded_at: datetime | None = None
        self.limits: tuple[Limit, ...] = ()
        self.near: tuple[Limit, ...] = ()

    # -- reading

    def watch(self, client: HookClient, grant: Callable[[], Grant | None]) -> None:
        """Begin to read the limits, unless that was begun before.

        Args:
            client: The client.
            grant: Returns its present login.
        """
        if self._interval and self._task is None and client.recovers and grant() is not None:
            self._task = asyncio.get_running_loop().create_task(self._watch(client, grant), name="pybayeux-limits")

    async def close(self) -> None:
        """Stop reading."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self, client: HookClient, grant: Callable[[], Grant | None]) -> None:
        while await self._read(client, grant()):  # noqa: ASYNC110 - the answer of the org, not a condition of ours
            await asyncio.sleep(self._interval)

    async def _read(self, client: HookClient, grant: Grant | None) -> bool:
        """Read the limits once. Returns whether it is worth while to read them again."""
        if grant is None:
            return True
        try:
            limits = await _limits_of(client, grant)
        except InvalidTokenError:
            return True  # pybayeux-auth gets another one
        except QuotaError as error:
            _logger.warning("%s", error)
            known = {each.name: each for each in self.limits}
            most = known[REQUESTS].most if REQUESTS in known else 1
            limits = [*(each for each in self.limits if each.name != REQUESTS), Limit(REQUESTS, most, 0)]
        except UsageError as error:  # a site, whose path does not state the version
            _logger.debug("the org's limits are not read: %s", error)
            return False
        except RestError as error:
            if error.status not in _REFUSED:
                _logger.debug("the org's limits could not be read: %s", error)
                return True
            _logger.warning(
                "the org's limits cannot be watched: give the user the permission View Setup and Configuration, or set "
                "salesforce.limits_interval=0 (%s)",
                error,
            )
            return False
        self.note(limits)
        with suppress(UsageError):  # the package was not installed, so it brings no hooks
            await client.hook("limits_read").acall(self.limits, self.near, client)
        return True

    async def diagnose(self, findings: DiagnosisFindings, client: HookClient, grant: Grant) -> None:
        """Add the limits to what is found out about the org. One that is nearly used up is a problem."""
        try:
            limits = await _limits_of(client, grant)
        except (RestError, UsageError) as error:
            findings.add_note(f"the org's limits could not be read: {error}", getattr(error, "advice", ""))
            return
        for limit in limits:
            findings.add_note(f"{limit.name}: {limit.left:,} of {limit.most:,} left")
        for limit in self._near(limits):
            findings.add_problem(
                f"{limit.name} is nearly used up: {limit.left:,} of {limit.most:,} left",
                "use less until older usage no longer counts, or ask Salesforce for more",
            )

    def _near(self, limits: Iterable[Limit]) -> tuple[Limit, ...]:
        return tuple(each for each in limits if each.name in _WATCHED and each.used >= self._threshold)

    def note(self, limits: Sequence[Limit]) -> None:
        """Take limits that were read, and log which of them come near their end and which have left it."""
        before = {each.name for each in self.near}
        self.limits = tuple(limits)
        self.near = self._near(limits)
        for limit in self.near:
            if limit.name not in before:
                _logger.warning("%s", self._warning(limit))
        for name in sorted(before - {each.name for each in self.near}):
            _logger.info("%s is below %.0f %% again", name, self._threshold * 100)

    def _warning(self, limit: Limit) -> str:
        text = f"{limit.name} is nearly used up: {max(0, limit.left):,} of {limit.most:,} left"
        if limit.name in CLIENTS:
            return f"{text}; further clients will be refused"
        window = "a month" if limit.name.startswith("Monthly") else "24 hours"
        holds = "; until less is used, the client asks for the longest holds" if limit.name in _PAUSES else ""
        return f"{text}; what was used more than {window} ago no longer counts{holds}"

    # -- polling

    def connecting(self, message: Message) -> None:
        """Let a connect be held as long as the server holds any, if a quota is near its end.

        A client with ``heartbeat=`` asks for shorter holds. The first connect of a session asks for none and stays.
        """
        self._lengthened = None
        is_short = message.advice is not None and bool(message.advice.timeout)
        if is_short and any(each.name in _PAUSES for each in self.near):
            message.advice = None
            self._lengthened = message.id

    def extra_hold(self, message: Message) -> float | None:
        """Return the seconds to wait on for the answer to a connect whose hold was made longer."""
        if self._lengthened is None or message.id != self._lengthened:
            return None
        self._lengthened = None
        return HOLD

    # -- limits that are reached

    def reached(self, error: QuotaError) -> None:
        """Note that the server refused something because of a limit, and state in the error when it ends."""
        if error.reason is not None and _DAILY in error.reason.message.lower():
            self._exceeded_at = self._exceeded_at or datetime.now(UTC)
            error.ends_by = self._exceeded_at + _DAY

    def works(self) -> None:
        """Note that the session works: no limit is reached."""
        self._exceeded_at = None


async def _limits_of(client: HookClient, grant: Grant) -> list[Limit]:
    """Read the limits of a client's org.

    Raises:
        RestError: The org refused or did not answer.
    """
    import httpx  # takes long to import

    from .rest import RestClient

    place = urlsplit(client.url)
    own: Any = client.http if isinstance(client.http, httpx.AsyncClient) else None
    origin = f"{place.scheme}://{place.netloc}"
    async with RestClient(origin, grant.access_token, version_of(client.url), http=own) as rest:
        return await read_limits(rest)
