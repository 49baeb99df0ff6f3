"""The task that keeps what a replica holds in the store: it asks again and again, and says when it is in doubt.

*In doubt* is a replica that holds something as far as it knows, but could not renew it in time, so that another one may
have got it. The time until doubt is measured from before the request, by this machine's monotonic clock, so that it
ends before the store's clock lets another replica take over. It only keeps events from being handled twice. That
nothing is *stored* twice is up to fencing numbers, which the store checks.

What is asked for is up to `LeaseKeeper` and `ShardKeeper`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import socket
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from .loops import is_at_work
from .outage import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from .store import Store

__all__ = ("STANDBY_PAUSE", "Keeper", "call_store")

_logger: Final = logging.getLogger("pybayeux.replay")

_RENEWALS: Final = 3
"""How often what is held is renewed within the length of a lease."""

STANDBY_PAUSE: Final = 0.5
"""Seconds between two requests of a replica that waits for something: so soon it takes over what was released."""

_LEAST_PAUSE: Final = 0.01

_GATHERING: Final = 0.05
"""Seconds from the first change here to the request, which so serves many, such as many new subscriptions."""

T = TypeVar("T")


class Keeper(ABC, Generic[T]):
    """Asks a store until it is stopped.

    Args:
        what: What is kept, for the log.
        length: How long it lasts without being renewed.
        doubt: Called when it could not be renewed in time.

    Attributes:
        name: The name of this replica in the store, such as ``host:4711:1f0c``, which no other one has, nor a later
            run. It is made at the first start in each process: a client may be made before its process forks.
        is_in_doubt: Whether another replica may have got what this one holds.
    """

    def __init__(self, what: str, length: timedelta, doubt: Callable[[], None]) -> None:
        self._what: Final = what
        self._length: Final = length.total_seconds()
        self._doubt: Final = doubt
        self.name: str = ""
        self._process: int | None = None
        self.is_in_doubt: bool = False
        self._is_failing = False
        self._valid_until = 0.0
        self._is_stopping = False
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask, unless that has begun.

        If it has ended without `stop`, as with its event loop, what was held may be another replica's: it counts as
        lost, until the store says that it is not.
        """
        if is_at_work(self._task):
            return
        if self._task is not None:
            self._lose_all()
        if self._process != os.getpid():
            self._process = os.getpid()
            self.name = f"{socket.gethostname()}:{self._process}:{secrets.token_hex(4)}"
        self._is_stopping, self._awake = False, asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="pybayeux-replay-lease")

    def wake(self) -> None:
        """Ask soon: something has changed here."""
        self._awake.set()

    async def stop(self) -> None:
        """Ask no more, and release what is held, so that another replica takes over at once."""
        self._is_stopping = True
        self._awake.set()
        task, self._task = self._task, None
        if is_at_work(task):
            await task
        self.is_in_doubt = False
        try:
            await self._release()
        except Exception as error:
            text = f"{type(error).__name__}: {one_line(error)}"
            _logger.warning("%s cannot be released, and expires by itself: %s", self._what, text)

    # -- what is asked for

    @property
    @abstractmethod
    def is_holding(self) -> bool:
        """Whether this replica holds something, as far as it knows."""

    @abstractmethod
    async def _request(self) -> T:
        """Ask the store."""

    @abstractmethod
    def _answered(self, answer: T, asked_at: float) -> None:
        """Take the answer to a request that was made at this time of the loop."""

    @abstractmethod
    def _lose_all(self) -> None:
        """Hold nothing any more, as far as this replica knows."""

    @abstractmethod
    async def _release(self) -> None:
        """Give everything back."""

    def _pause(self) -> float:
        """Return how many seconds to wait before the next request."""
        pause = self._length / _RENEWALS
        if not self.is_holding or self._is_failing:
            pause = min(pause, STANDBY_PAUSE)
        if self.is_holding and not self.is_in_doubt:
            pause = min(pause, self._valid_until - asyncio.get_running_loop().time())
        return max(pause, _LEAST_PAUSE)

    # -- asking

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._ask()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), self._pause())
            if self._awake.is_set() and not self._is_stopping:
                await asyncio.sleep(_GATHERING)
                self._awake.clear()

    async def _ask(self) -> None:
        """Ask; come to doubt if the answer is an error, or takes too long."""
        asked_at = asyncio.get_running_loop().time()
        asking = asyncio.ensure_future(self._request())
        await self._watch(asking)
        try:
            answer = await asking
        except Exception as error:
            self._failed(error)
        else:
            self._is_failing = False
            self._answered(answer, asked_at)

    async def _watch(self, asking: asyncio.Future[T]) -> None:
        if self.is_holding and not self.is_in_doubt:
            left = self._valid_until - asyncio.get_running_loop().time()
            await asyncio.wait({asking}, timeout=max(0.0, left))
            if not asking.done():
                self._come_to_doubt()

    def _failed(self, error: Exception) -> None:
        if not self._is_failing:
            self._is_failing = True
            text = f"{type(error).__name__}: {one_line(error)}"
            _logger.warning("%s cannot be asked for: %s", self._what, text)
        if asyncio.get_running_loop().time() >= self._valid_until:
            self._come_to_doubt()

    def _come_to_doubt(self) -> None:
        if self.is_holding and not self.is_in_doubt:
            self.is_in_doubt = True
            _logger.warning("%s could not be renewed in time", self._what)
            self._doubt()

    def _is_valid(self, asked_at: float) -> None:
        """What is held was renewed by a request at this time."""
        self._valid_until = asked_at + self._length


async def call_store(store: Store, function: Callable[[], T]) -> T:
    """Call something that a store does, in a thread if that may block."""
    return await asyncio.to_thread(function) if store.blocking else function()
