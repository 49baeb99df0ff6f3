from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import Message
from pybayeux._client.incoming import IncomingQueue

if TYPE_CHECKING:
    from collections.abc import Sequence


class Hooks:
    """Extensions that take their time with what is on channel /slow, while `incoming_waits`."""

    def __init__(self) -> None:
        self.incoming_waits = False
        self.seen: list[Any] = []

    def incoming(self, messages: Sequence[Message]) -> dict[int, Any] | None:
        if self.incoming_waits and messages:
            return None
        return self._note(messages)

    def _note(self, messages: Sequence[Message]) -> dict[int, Any]:
        self.seen += [message.data for message in messages]
        return {}

    async def incoming_async(self, messages: Sequence[Message]) -> dict[int, Any]:
        if any(message.channel == "/slow" for message in messages):
            await asyncio.sleep(1)
        return self._note(messages)


class Setup:
    """A queue, and the batches that were taken."""

    def __init__(self) -> None:
        self.hooks = Hooks()
        self.queue = IncomingQueue(cast(Any, self.hooks))
        self.taken: list[Any] = []

    def put(self, name: str, *channels: str) -> Any:
        messages = [Message(channel=channel, data=name) for channel in channels]
        return self.queue.put(messages, lambda vetoes: self.taken.append(name))


@in_virtual_time
async def test_usually_a_batch_is_taken_at_once() -> None:
    setup = Setup()
    assert setup.put("one", "/a").done()
    assert setup.taken == setup.hooks.seen == ["one"]
    await setup.put("two", "/a")
    await setup.queue.finish()
    assert len(asyncio.all_tasks()) == 1


@in_virtual_time
async def test_batches_behind_one_that_is_awaited_keep_their_order() -> None:
    setup = Setup()
    setup.hooks.incoming_waits = True
    slow = setup.put("slow", "/slow")
    setup.hooks.incoming_waits = False
    behind = setup.put("behind", "/a")
    end = setup.put("end of the exchange")
    await settle()
    assert (setup.taken, slow.done(), behind.done()) == ([], False, False)
    await end
    assert setup.taken == ["slow", "behind", "end of the exchange"]
    assert setup.put("later", "/a").done()


@in_virtual_time
async def test_an_empty_batch_waits_for_nothing_but_its_turn() -> None:
    setup = Setup()
    setup.hooks.incoming_waits = True
    assert setup.put("end of the exchange").done()


@in_virtual_time
async def test_a_batch_is_not_cut_off_with_the_one_who_waits_for_it() -> None:
    setup = Setup()
    setup.hooks.incoming_waits = True

    async def exchange() -> None:
        await setup.put("slow", "/slow")

    waiting = asyncio.ensure_future(exchange())
    await settle()
    waiting.cancel()
    await setup.queue.finish()
    assert setup.taken == ["slow"]


@in_virtual_time
async def test_an_error_in_taking_is_that_of_its_batch_alone() -> None:
    setup = Setup()
    setup.hooks.incoming_waits = True

    def fail(vetoes: object) -> None:
        raise KeyError("lost")

    broken = setup.queue.put([Message(channel="/slow")], fail)
    behind = setup.put("behind", "/a")
    with pytest.raises(KeyError):
        await broken
    await behind
    assert setup.taken == ["behind"]
