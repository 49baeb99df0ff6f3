"""The position loader: opens the store and reads positions before subscribes leave, and never on the event loop.

A subscribe has to name the place after which the server should begin. So the subscribes of a store that has to be
opened, or that may block, are kept from the server until it was read. Those that wait together are answered by one
reading of all positions of the consumer.

A store that fails is told and waited for, as an outage later on. If waiting cannot help, because the name of the store,
a password or the like is wrong, the subscribers get the error at once.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from pybayeux import Drop
from pybayeux.errors import Remedy, UsageError

from .diagnosis import is_permanent
from .keeper import call_store
from .loops import is_at_work

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pybayeux import HookClient

    from .outage import Outage
    from .position_writer import PositionWriter

__all__ = ("PositionLoader",)

_RETRY_DELAY: Final = 1.0
_READING: Final = "positions cannot be read, and subscriptions wait until they can"
_WAIT: Final = Drop("its position is not read yet", remedy=Remedy.WAIT)


class PositionLoader:
    """Reads positions for the subscriptions of one client.

    Args:
        writer: Has the store.
        outage: Is told when the store fails, and when it is back.
        opened: Called when the store is open, with each session. It may raise an error, if it is not the right kind of
            store.
    """

    def __init__(self, writer: PositionWriter, outage: Outage, opened: Callable[[], None]) -> None:
        self._writer: Final = writer
        self._outage: Final = outage
        self._on_opened: Final = opened
        self._is_open = False
        self._waiting: dict[str, None] = {}
        self._errors: dict[str, Exception] = {}
        self._client: HookClient | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, client: HookClient) -> None:
        """Open the store; at once, if that takes no time."""
        self._client = client
        if self._is_opening:
            self._start_loading()
        else:
            self._opened()

    def _opened(self) -> None:
        self._on_opened()
        self._is_open = True

    def stop_before_opened(self, names: Sequence[str]) -> Drop | None:
        """Return what keeps a subscribe from being sent while the store is not open yet.

        Raises:
            Exception: The store's own, if it is permanent.
        """
        if self._errors:
            self._raise_error_of(names)
        return self._wait_for(names) if self._is_opening else None

    @property
    def _is_opening(self) -> bool:
        return self._client is not None and self._writer.access.opens_slowly and not self._is_open

    @property
    def reads_ahead(self) -> bool:
        """Whether positions have to be read before a subscribe may be sent, because to look for them would block."""
        return self._client is not None and self._writer.access.store.blocking

    def stop_before_read(self, channels: Iterable[str]) -> Drop | None:
        """Return what keeps a subscribe from being sent while its positions are not read yet, with `reads_ahead`."""
        names = [name for name in channels if self._writer.access.has_to_read(name)]
        return self._wait_for(names) if names else None

    def wait_after(self, error: Exception, channels: Iterable[str]) -> Drop:
        """The store has failed while a subscribe was to be sent: return what keeps it until the store is back.

        Raises:
            Exception: The error, if it is permanent.
        """
        if self._client is None or is_permanent(self._writer.access.opened, error):
            raise error
        self._outage.failed(error, _READING)
        return self._wait_for(channels)

    def _raise_error_of(self, names: Iterable[str]) -> None:
        for name in names:
            if (error := self._errors.pop(name, None)) is not None:
                raise error

    def _wait_for(self, names: Iterable[str]) -> Drop:
        self._waiting.update(dict.fromkeys(names))
        self._start_loading()
        return _WAIT

    def _start_loading(self) -> None:
        if not is_at_work(self._task):
            self._task = asyncio.get_running_loop().create_task(self._load(), name="pybayeux-replay-loader")

    async def _load(self) -> None:
        while self._waiting or not self._is_open:
            names = list(self._waiting)
            try:
                await self._writer.access.load(names)
                if not self._is_open:
                    self._opened()
            except Exception as error:
                if not await self._is_permanent(error):
                    self._outage.failed(error, _READING)
                    await asyncio.sleep(_RETRY_DELAY)
                    continue
                self._errors.update(dict.fromkeys(names, error))
                if not self._waiting:
                    return  # nothing is subscribed to yet: the next subscribe finds out
            else:
                self._outage.ended()
            for name in names:
                self._waiting.pop(name, None)
            self._resubscribe(names)

    async def _is_permanent(self, error: Exception) -> bool:
        store = self._writer.access.opened
        return True if store is None else await call_store(store, lambda: is_permanent(store, error))

    def _resubscribe(self, names: Iterable[str]) -> None:
        assert self._client is not None
        for name in names:
            with suppress(UsageError):  # the program has left it meanwhile
                self._client.resubscribe(name)

    async def stop(self) -> None:
        """The client ends."""
        task, self._task = self._task, None
        if is_at_work(task):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self._is_open = False
        self._waiting.clear()
        self._errors.clear()
