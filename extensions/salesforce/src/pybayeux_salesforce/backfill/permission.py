"""Permission: whether a backfill may spend so many of the org's daily API requests.

Owns the question and the wait for an answer. It counts nothing itself.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from functools import partial
from typing import TYPE_CHECKING, Final

from .options import BackfillPlan
from .reading import count, requests_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .options import BackfillOptions
    from .org_api import OrgApi
    from .reading import Selection

__all__ = ("Permission", "PermissionDenied", "make_plan")

_logger: Final = logging.getLogger("pybayeux.salesforce")


class PermissionDenied(Exception):
    """The program does not allow a backfill."""


async def make_plan(api: OrgApi, channel: str, entity: str, selection: Selection, bulk_from: int) -> BackfillPlan:
    """Return what a backfill would read and cost. It takes two requests.

    Raises:
        RestError: The org refused.
    """
    records = await count(api, entity, selection)
    is_bulk = records >= bulk_from
    left, limit = await api.daily_requests() or (None, None)
    requests = requests_for(records, in_bulk=is_bulk)
    return BackfillPlan(channel, entity, selection.since, records, requests, left, limit, is_bulk)


class Permission:
    """Asks before a backfill goes below the reserve.

    Args:
        options: The options.
        api: The org.
    """

    def __init__(self, options: BackfillOptions, api: OrgApi) -> None:
        self._options: Final = options
        self._api: Final = api

    async def plan(self, channel: str, entity: str, selection: Selection) -> BackfillPlan:
        """Return the plan of a backfill that may go on.

        Raises:
            PermissionDenied: It may not.
            RestError: The org refused.
        """
        return await self._wait_for(partial(make_plan, self._api, channel, entity, selection, self._options.bulk_from))

    async def ask(self, channel: str, entity: str, records: int, requests: int) -> None:
        """Return when so many requests may be made for so many records.

        Raises:
            PermissionDenied: They may not.
            RestError: The org refused.
        """

        async def make() -> BackfillPlan:
            left, limit = await self._api.daily_requests() or (None, None)
            return BackfillPlan(channel, entity, None, records, requests, left, limit, is_bulk=False)

        await self._wait_for(make)

    async def _wait_for(self, make: Callable[[], Awaitable[BackfillPlan]]) -> BackfillPlan:
        is_told = False
        while True:
            plan = await make()
            if not self._spends(plan):
                return plan
            if self._options.permit is not None:
                answer = self._options.permit(plan)
                if inspect.isawaitable(answer):
                    answer = await answer
                if answer:
                    return plan
                raise PermissionDenied(f"no permission to read {plan}")
            if not is_told:
                is_told = True
                _logger.error(
                    "backfill: it would leave less than %.0f %% of the org's daily API requests, and waits until there "
                    "are more; the option permit allows it: %s",
                    100 * self._options.reserve,
                    plan,
                )
            await asyncio.sleep(self._options.retry)

    def _spends(self, plan: BackfillPlan) -> bool:
        if plan.left is None or plan.limit is None:
            return False
        return plan.left - plan.requests < self._options.reserve * plan.limit
