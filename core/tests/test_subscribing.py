from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.dispatching import DispatcherProbe
from core.tests.virtual_time import in_virtual_time
from pybayeux.errors import UsageError
from pybayeux.subscription import Subscribing

if TYPE_CHECKING:
    from pybayeux.subscription import Subscription


class BeginCounter:
    """Begins a subscription, and counts."""

    def __init__(self) -> None:
        self.probe = DispatcherProbe()
        self.begun = 0

    async def begin(self) -> Subscription:
        self.begun += 1
        return self.probe.subscribe("/a")


@in_virtual_time
async def test_nothing_begins_by_itself() -> None:
    counter = BeginCounter()
    with pytest.warns(RuntimeWarning, match=r"subscribe\('/a'\) was never awaited: nothing was subscribed to"):
        Subscribing("/a", counter.begin)
    assert counter.begun == 0


@in_virtual_time
async def test_awaiting_begins() -> None:
    counter = BeginCounter()
    subscription = await Subscribing("/a", counter.begin)
    assert (subscription.channel, subscription.closed) == ("/a", False)


@in_virtual_time
async def test_a_block_begins_and_ends() -> None:
    counter = BeginCounter()
    async with Subscribing("/a", counter.begin) as subscription:
        assert not subscription.closed
    assert subscription.closed


@in_virtual_time
async def test_it_begins_once() -> None:
    counter = BeginCounter()
    subscribing = Subscribing("/a", counter.begin)
    await subscribing
    with pytest.raises(UsageError, match="again"):
        await subscribing
    with pytest.raises(UsageError, match="again"):
        async with subscribing:
            pass
    assert counter.begun == 1
