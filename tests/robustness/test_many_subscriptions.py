"""An event costs what it costs however many subscriptions a client has, with everything installed.

Calls of our own functions are counted, not seconds: a loop over all subscriptions for each event, or for each reply to
a connect, is some calls for each.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux import AsyncClient
from tests.docs.markdown import ROOT
from tests.support.loops import in_long_loop

if TYPE_CHECKING:
    from types import FrameType

    from pybayeux import Subscription
    from pybayeux_devserver import BlockingServer

FEW: Final = 3
MANY: Final = 300
EVENTS: Final = 30
_DEVSERVER: Final = str(ROOT / "extensions" / "devserver")


class CallCount:
    """Counts the calls of the project's functions in this thread, but for those of the server."""

    def __init__(self) -> None:
        self.calls = 0

    def __enter__(self) -> CallCount:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, argument: Any) -> None:
        file = frame.f_code.co_filename
        if event == "call" and "/src/pybayeux" in file and not file.startswith(_DEVSERVER):
            self.calls += 1


async def calls_of_an_event(url: str, transport: str, subscriptions: int, **options: Any) -> float:
    async with AsyncClient(url, transports=[transport], linger=0, **options) as client:
        async with client.batch():
            waiting = [client.subscribe(f"/many/{number}") for number in range(subscriptions)]
        queues: list[Subscription[Any]] = [await each for each in waiting]

        async def receive(number: int) -> None:
            queue = queues[number % subscriptions]
            await client.publish(queue.channel, number)
            assert (await anext(queue)).data == number

        await receive(0)
        with CallCount() as counted:
            for number in range(EVENTS):
                await receive(number)
        return counted.calls / EVENTS


@pytest.mark.parametrize("commit", ["event", "batch"])
@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
@in_long_loop
async def test_more_subscriptions_make_no_event_dearer(
    transport: str, commit: str, bayeux_server: BlockingServer
) -> None:
    options = {"replay": {"store": "memory", "commit": commit}}
    few = await calls_of_an_event(bayeux_server.url, transport, FEW, options=options)
    many = await calls_of_an_event(bayeux_server.url, transport, MANY, options=options)
    assert many < 1.3 * few
