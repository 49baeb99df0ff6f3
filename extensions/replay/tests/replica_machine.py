"""What the models of leases and of shards share: three replicas on one store, and their open transactions.

A claim is what a replica believes to hold, and what a transaction names: a lease, or a shard. Whether it holds it, the
model says.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from pybayeux_replay import LeaseLostError, LoopBoundStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

__all__ = ("REPLICAS", "OpenTransaction", "ReplicaMachine", "replicas", "run_model")

REPLICAS: Final = ("one", "two", "three")
replicas: Final = st.sampled_from(REPLICAS)

_consumers: Final = itertools.count()


class _Closable(Protocol):
    def close(self) -> None: ...


_Claim = TypeVar("_Claim")
_Store = TypeVar("_Store", bound=_Closable)


@dataclass(frozen=True)
class OpenTransaction(Generic[_Claim]):
    """A transaction of a replica that others may come between: the claim that it names, and the position in it."""

    context: AbstractAsyncContextManager[Any]
    claim: _Claim
    position: int


class ReplicaMachine(RuleBasedStateMachine, Generic[_Store, _Claim]):
    """Three replicas, each with a store of its own on the same content.

    Args:
        make: Returns a store; all of them have the same content.
        has_open_transactions: Whether others can go on while a transaction is open.
    """

    def __init__(self, make: Callable[[], _Store], has_open_transactions: bool) -> None:
        super().__init__()
        self._has_open_transactions: Final = has_open_transactions
        self._consumer: Final = f"consumer-{os.getpid()}-{next(_consumers)}"
        self._stores: Final = {name: make() for name in REPLICAS}
        self._runner: Final = asyncio.Runner()
        self._open: Final[dict[str, OpenTransaction[_Claim]]] = {}
        self._next_position = 0

    # -- what the model says

    def _is_current(self, claim: _Claim) -> bool:
        """Whether who has this claim holds it."""
        raise NotImplementedError

    def _committed(self, transaction: OpenTransaction[_Claim]) -> None:
        """The position of a transaction is stored."""
        raise NotImplementedError

    def _forget(self, replica: str) -> None:
        """A replica knows nothing any more."""
        raise NotImplementedError

    # -- transactions

    @property
    def _is_writer_busy(self) -> bool:
        """Whether the holder waits for a transaction of its own; it has one writer."""
        return any(self._is_current(each.claim) for each in self._open.values())

    def _may_begin(self, replica: str) -> bool:
        return self._has_open_transactions and replica not in self._open and not self._is_writer_busy

    def _begin(self, replica: str, context: AbstractAsyncContextManager[Any], claim: _Claim) -> None:
        try:
            self._runner.run(_enter(context))
        except LeaseLostError:
            assert not self._is_current(claim)
        else:
            assert self._is_current(claim)
            self._open[replica] = OpenTransaction(context, claim, self._next_position)

    @rule(replica=replicas)
    def end(self, replica: str) -> None:
        """A replica ends its transaction: it is stored if, and only if, nobody else has had the claim since."""
        if (transaction := self._open.pop(replica, None)) is None:
            return
        try:
            self._runner.run(_leave(transaction.context))
        except LeaseLostError:
            assert not self._is_current(transaction.claim)
        else:
            assert self._is_current(transaction.claim)
            self._committed(transaction)

    @rule(replica=replicas)
    def die(self, replica: str) -> None:
        """A replica fails in the middle of its transaction, and starts again: it knows nothing any more."""
        if (transaction := self._open.pop(replica, None)) is not None:
            self._runner.run(_abort(transaction.context))
        self._forget(replica)

    def teardown(self) -> None:
        for transaction in self._open.values():
            self._runner.run(_abort(transaction.context))
        for store in self._stores.values():
            if isinstance(store, LoopBoundStore):
                self._runner.run(store.aclose())
            store.close()
        self._runner.close()


def run_model(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    """Run a model against a store.

    Args:
        machine: The model; it is made without arguments.
        examples: How many interleavings to try.
        steps: How many steps each has.

    Raises:
        AssertionError: The store does not do what the model does; the text has the steps.
    """
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=checks
        ),
    )


async def _enter(context: AbstractAsyncContextManager[Any]) -> None:
    await context.__aenter__()


async def _leave(context: AbstractAsyncContextManager[Any]) -> None:
    await context.__aexit__(None, None, None)


async def _abort(context: AbstractAsyncContextManager[Any]) -> None:
    error = ZeroDivisionError()
    with suppress(ZeroDivisionError):
        await context.__aexit__(ZeroDivisionError, error, None)
