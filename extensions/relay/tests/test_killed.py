"""`pybayeux relay`, killed at random points: the target has each event exactly once, in order."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Final

from extensions.relay.tests.program import start

if TYPE_CHECKING:
    from extensions.relay.tests.targets import TestTarget
    from pybayeux_devserver.pytest_plugin import ServerFactory

EVENTS: Final = 300
KILLS: Final = 2


def test_each_event_is_there_once_and_in_order(relay_target: TestTarget, bayeux_server_factory: ServerFactory) -> None:
    server, dice = bayeux_server_factory(), Random(11)
    for number in range(EVENTS):
        server.publish("/orders", {"number": number})
    for run in range(KILLS + 1):
        done = len(relay_target.replay_ids())
        goal = EVENTS if run == KILLS else min(EVENTS, done + dice.randint(1, EVENTS // (2 * KILLS)))
        with start(server.url, "/orders", "--to", relay_target.name, "--batch", "17") as process:
            while len(relay_target.replay_ids()) < goal and process.poll() is None:
                time.sleep(dice.random() / 100)
            process.kill()
            assert process.wait() == -9, process.stderr and process.stderr.read()
    assert relay_target.numbers() == list(range(EVENTS))
