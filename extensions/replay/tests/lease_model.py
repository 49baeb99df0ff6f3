"""The lease protocol as a model, which Hypothesis holds against a real store: three replicas in any interleaving.

The model is a term (who holds the lease, under which number, whether it has expired) and the last stored position.
Steps are requests, releases, commits and both ends of transactions, each by a replica that knows only what it was told
last, so that it may act on a lease which it has lost long ago: it was paused, or cut off.

A lease of no length has expired when it is given. So nothing waits for time to pass.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from extensions.replay.tests.replica_machine import OpenTransaction, ReplicaMachine, replicas, run_model
from pybayeux_replay import Lease, LeaseLostError, LeaseRequest, LeaseStore, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ("check_lease_model",)

_NOON: Final = datetime(2026, 1, 1, 12, tzinfo=UTC)
_LONG: Final = timedelta(hours=1)
_SUBSCRIPTION: Final = "/orders"


def check_lease_model(
    make: Callable[[], LeaseStore], *, has_open_transactions: bool = True, examples: int = 25
) -> None:
    """Run the model against a store.

    Args:
        make: Returns a store; all of them have the same content.
        has_open_transactions: Whether others can go on while a transaction is open.
        examples: How many interleavings to try.

    Raises:
        AssertionError: The store does not do what the model does; the text has the steps.
    """

    class Machine(_LeaseMachine):
        def __init__(self) -> None:
            super().__init__(make, has_open_transactions)

    run_model(Machine, examples, steps=25)


class _LeaseMachine(ReplicaMachine[LeaseStore, Lease]):
    """The replicas, and the model beside them."""

    def __init__(self, make: Callable[[], LeaseStore], has_open_transactions: bool) -> None:
        super().__init__(make, has_open_transactions)
        # What each replica was told last.
        self._leases: Final[dict[str, Lease]] = {}
        # The model.
        self._holder: str | None = None
        self._number = 0
        self._is_expired = True
        self._stored: int | None = None

    @initialize()
    def nobody_holds_it(self) -> None:
        assert self._stores["one"].lease(self._consumer) is None

    @rule(replica=replicas, length=st.sampled_from([timedelta(0), _LONG]))
    def request(self, replica: str, length: timedelta) -> None:
        """A replica asks for the lease: at first, to renew it, or to take it over."""
        is_taken_over = self._holder != replica and self._is_expired
        try:
            lease = self._stores[replica].request_lease(self._consumer, LeaseRequest(replica, length))
        except Exception:
            # The old holder is in the middle of a transaction, and the store has the new one try again later.
            assert is_taken_over
            assert any(each.claim.number == self._number for each in self._open.values())
            return
        if is_taken_over:
            self._holder, self._number = replica, self._number + 1
        if self._holder == replica:
            self._is_expired = not length
            self._leases[replica] = lease
        assert (lease.holder, lease.number) == (self._holder, self._number)

    @rule(replica=replicas)
    def release(self, replica: str) -> None:
        """A replica releases the lease that it believes to hold."""
        if (lease := self._leases.get(replica)) is not None:
            self._stores[replica].release_lease(self._consumer, lease)
            self._is_expired |= self._is_current(lease)

    @rule(replica=replicas)
    def commit(self, replica: str) -> None:
        """A replica stores a position under the lease that it believes to hold."""
        lease = self._leases.get(replica)
        if lease is None or self._is_writer_busy:
            return
        moved = self._new_position()
        try:
            self._stores[replica].fenced_set(self._consumer, moved, lambda stored: moved, lease=lease)
        except LeaseLostError:
            assert not self._is_current(lease)
        else:
            assert self._is_current(lease)
            self._stored = self._next_position

    @rule(replica=replicas)
    def begin(self, replica: str) -> None:
        """A replica begins a transaction."""
        lease = self._leases.get(replica)
        if lease is not None and self._may_begin(replica):
            moved = self._new_position()
            store = self._stores[replica]
            context = store.fenced_transaction(self._consumer, moved, lambda stored: moved, lease=lease)
            self._begin(replica, context, lease)

    def _committed(self, transaction: OpenTransaction[Lease]) -> None:
        self._stored = transaction.position

    def _forget(self, replica: str) -> None:
        self._leases.pop(replica, None)

    @invariant()
    def the_store_is_as_the_model(self) -> None:
        store = self._stores["one"]
        lease, position = store.lease(self._consumer), store.get(self._consumer, _SUBSCRIPTION)
        assert (0 if lease is None else lease.number) == self._number
        assert (None if lease is None else lease.holder) == self._holder
        assert lease is None or lease.is_expired == self._is_expired
        assert (None if position is None else position.replay_id) == self._stored

    def _is_current(self, lease: Lease) -> bool:
        return (lease.holder, lease.number) == (self._holder, self._number)

    def _new_position(self) -> Mapping[str, Position]:
        self._next_position += 1
        return {_SUBSCRIPTION: Position(self._next_position, _NOON)}
