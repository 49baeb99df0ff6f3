"""The keeper of a lease: it asks the store for the lease, renews it in time, and says when that changes.

Three states. *Standing by*: another replica holds the lease, or it is not known who does. *Active*: this one holds it.
*In doubt*: see `keeper.py`. What that means for the client is decided in `replica.py`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

from .keeper import Keeper, call_store
from .leases import Lease, LeaseRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from .store import LeaseStore

__all__ = ("LeaseKeeper", "LeaseObserver")

_logger: Final = logging.getLogger("pybayeux.replay")


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


class LeaseKeeper(Keeper[Lease]):
    """Keeps the lease of one consumer, for one replica.

    Args:
        open_store: Returns the store.
        consumer: The consumer.
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
        length: timedelta,
        observer: LeaseObserver,
        waiting: Callable[[], int],
    ) -> None:
        super().__init__(f"the lease of {consumer!r}", length, observer.lease_in_doubt)
        self._open_store: Final = open_store
        self._consumer: Final = consumer
        self._lease_length: Final = length
        self._observer: Final = observer
        self._waiting: Final = waiting
        self.held: Lease | None = None
        self._other: str | None = None

    @property
    def is_holding(self) -> bool:
        """Whether this replica holds the lease, as far as it knows."""
        return self.held is not None

    def lose(self, holder: str | None) -> None:
        """The store says that another replica has the lease."""
        if self.held is not None:
            self.held, self.is_in_doubt = None, False
            self._observer.lease_lost(holder)

    async def _request(self) -> Lease:
        store, request = self._open_store(), LeaseRequest(self.name, self._lease_length, self._waiting())
        return await call_store(store, lambda: store.request_lease(self._consumer, request))

    def _answered(self, answer: Lease, asked_at: float) -> None:
        if answer.holder != self.name:
            self.lose(answer.holder)
            if self._other != answer.holder:
                self._other = answer.holder
                _logger.info("%r stands by: %s holds the lease", self._consumer, answer.holder)
            return
        if self.held is not None and not answer.is_same_term(self.held):
            self.lose(None)  # it went to another replica, which has given it back
        self._is_valid(asked_at)
        was_held, self.held, self._other = self.held is not None, answer, None
        if not was_held:
            _logger.info("%r is active: it holds the lease, number %d", self._consumer, answer.number)
            self._observer.lease_gained(answer)
        elif self.is_in_doubt:
            self.is_in_doubt: bool = False
            self._observer.lease_confirmed()

    def _lose_all(self) -> None:
        self.lose(None)

    async def _release(self) -> None:
        held, self.held = self.held, None
        if held is not None:
            store = self._open_store()
            await call_store(store, lambda: store.release_lease(self._consumer, held))
