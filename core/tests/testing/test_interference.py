from __future__ import annotations

import inspect

import pytest

from pybayeux.errors import BayeuxError, ExtensionHookError, MessageDropped
from pybayeux.extensions.catalogue import core_hooks
from pybayeux.testing import Harness, HookRecorder, in_virtual_time
from pybayeux.testing.interference import DISTURBED_CHANNEL, FailsFirst, FailsLast, VetoesFirst, VetoesLast, Waits


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (VetoesFirst, MessageDropped),
        (VetoesLast, MessageDropped),
        (FailsFirst, ExtensionHookError),
        (FailsLast, ExtensionHookError),
    ],
)
@in_virtual_time
async def test_they_interfere_on_one_channel_alone(kind: type, error: type[BayeuxError]) -> None:
    recorder = HookRecorder()
    async with Harness(recorder, others=[kind()]) as harness:
        await harness.subscribe("/**")
        with pytest.raises(error):
            await harness.client.publish(DISTURBED_CHANNEL, 1)
        await harness.client.publish("/orders", 2)
        harness.server.push(DISTURBED_CHANNEL, 3)
        await harness.settle()
    assert harness.delivered == ([2] if error is MessageDropped else [2, 3])
    seen = DISTURBED_CHANNEL in [call["message"].channel for call in recorder.of("outgoing")]
    assert seen is (kind in (VetoesLast, FailsLast))


@in_virtual_time
async def test_waiting_costs_nothing_but_time() -> None:
    async with Harness(Waits) as harness:
        await harness.subscribe("/orders")
        await harness.client.publish("/orders", 1)
        await harness.settle()
    assert harness.delivered == [1]


def test_every_hook_that_can_wait_waits() -> None:
    waiting = {name for name in core_hooks() if inspect.iscoroutinefunction(getattr(Waits, name, None))}
    assert waiting == {name for name, signature in core_hooks().items() if signature.waits} - {
        "registered",
        "unregistered",
    }
