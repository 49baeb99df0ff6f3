"""The keeper of a lease: it asks the store for the lease, renews it in time, and says when that changes.

Three states. *Standing by*: another replica holds the lease, or it is not known who does. *Active*: this one holds it.
*In doubt*: this one holds it as far as it knows, but could not renew it in time, so that another one may have got it.
What that means for the client is decided in `replica.py`.

The time until doubt is measured from before the request, by this machine's monotonic clock, so that it ends before the
store's clock lets another replica take over. It only keeps events from being handled twice. That nothing is *stored*
twice is up to the number of the lease, which the store checks.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from .leases import LeaseRequest
from .outage import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from .leases import Lease
    from .store import LeaseStore

__all__ = ("LeaseKeeper", "LeaseObserver")

_logger: Final = logging.getLogger("pybayeux.replay")

_RENEWALS: Final = 3
"""How often a lease is renewed within its length."""

_STANDBY_PAUSE: Final = 0.5
"""Seconds between two requests of a replica that stands by: so soon it takes over a lease that was released."""

_LEAST_PAUSE: Final = 0.01

T = TypeVar("T")


class LeaseObserver(Protocol):
    """Is told when the lease changes."""

    def lease_gained(self, lease: Lease) -> None:
        """This replica is active from now on."""

    def lease_lost(self, holder: str | None) -> None:
        """Another replica is active."""

    def lease_in_doubt(self) -> None:
        """The lease could not be renewed in time."""

    def lease_confirmed(self) -> None:
        """It is renewed after all: no other replica had it meanwhile."""


class LeaseKeeper:
    """Keeps the lease of one consumer, for one replica.

    Args:
        open_store: Returns the store.
        consumer: The consumer.
        holder: The name of this replica.
        length: How long the lease lasts without being renewed.
        observer: Is told when it changes.
        waiting: Returns how many events were received and not handled.

    Attributes:
        held: The lease, while this replica holds it as far as it knows.
    """

    def __init__(
        self,
        open_store: Callable[[], LeaseStore],
        consumer: str,
        holder: str,
        length: timedelta,
        observer: LeaseObserver,
        waiting: Callable[[], int],
    ) -> None:
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._holder: Final = holder
        self._length: Final = length
        self._observer: Final = observer
        self._waiting: Final = waiting
        self.held: Lease | None = None
        self._other: str | None = None
        self._is_in_doubt = False
        self._is_failing = False
        self._valid_until = 0.0
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask for the lease, unless that has begun."""
        if self._task is None:
            self._stopping = asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run(), name="pybayeux-replay-lease")

    async def stop(self) -> None:
        """Ask no more, and release the lease, so that another replica takes over at once."""
        self._stopping.set()
        task, self._task = self._task, None
        if task is not None:
            await task
        held, self.held, self._is_in_doubt = self.held, None, False
        if held is not None:
            try:
                store = self._open_store()
                await _call(store, lambda: store.release_lease(self._consumer, held))
            except Exception as error:
                text = f"{type(error).__name__}: {one_line(error)}"
                _logger.warning("the lease of %r cannot be released, and expires by itself: %s", self._consumer, text)

    def lose(self, holder: str | None) -> None:
        """The store says that another replica has the lease."""
        if self.held is not None:
            self.held, self._is_in_doubt = None, False
            self._observer.lease_lost(holder)

    async def _run(self) -> None:
        while not self._stopping.is_set():
            await self._ask()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._pause())

    def _pause(self) -> float:
        """Return how many seconds to wait before the next request."""
        pause = self._length.total_seconds() / _RENEWALS
        if self.held is None or self._is_failing:
            pause = min(pause, _STANDBY_PAUSE)
        if self.held is not None and not self._is_in_doubt:
            pause = min(pause, self._valid_until - asyncio.get_running_loop().time())
        return max(pause, _LEAST_PAUSE)

    async def _ask(self) -> None:
        """Ask for the lease; come to doubt if the answer is an error, or takes too long."""
        asked_at = asyncio.get_running_loop().time()
        store, request = self._open_store(), LeaseRequest(self._holder, self._length, self._waiting())
        asking = asyncio.ensure_future(_call(store, lambda: store.request_lease(self._consumer, request)))
        await self._watch(asking)
        try:
            lease = await asking
        except Exception as error:
            self._failed(error)
        else:
            self._is_failing = False
            self._answered(lease, asked_at)

    async def _watch(self, asking: asyncio.Future[Lease]) -> None:
        if self.held is not None and not self._is_in_doubt:
            left = self._valid_until - asyncio.get_running_loop().time()
            await asyncio.wait({asking}, timeout=max(0.0, left))
            if not asking.done():
                self._doubt()

    def _failed(self, error: Exception) -> None:
        if not self._is_failing:
            self._is_failing = True
            text = f"{type(error).__name__}: {one_line(error)}"
            _logger.warning("the lease of %r cannot be asked for: %s", self._consumer, text)
        if asyncio.get_running_loop().time() >= self._valid_until:
            self._doubt()

    def _doubt(self) -> None:
        if self.held is not None and not self._is_in_doubt:
            self._is_in_doubt = True
            _logger.warning("the lease of %r could not be renewed in time", self._consumer)
            self._observer.lease_in_doubt()

    def _answered(self, lease: Lease, asked_at: float) -> None:
        if lease.holder != self._holder:
            self.lose(lease.holder)
            if self._other != lease.holder:
                self._other = lease.holder
                _logger.info("%r stands by: %s holds the lease", self._consumer, lease.holder)
            return
        if self.held is not None and not lease.is_same_term(self.held):
            self.lose(None)  # it went to another replica, which has given it back
        self._valid_until = asked_at + self._length.total_seconds()
        was_held, self.held, self._other = self.held is not None, lease, None
        if not was_held:
            _logger.info("%r is active: it holds the lease, number %d", self._consumer, lease.number)
            self._observer.lease_gained(lease)
        elif self._is_in_doubt:
            self._is_in_doubt = False
            self._observer.lease_confirmed()


async def _call(store: LeaseStore, function: Callable[[], T]) -> T:
    return await asyncio.to_thread(function) if store.blocking else function()
