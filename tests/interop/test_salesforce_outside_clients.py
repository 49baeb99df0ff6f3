"""The emulated org speaks with clients that others wrote: they subscribe, replay and recover.

They are the consumers of the comparison (`benchmarks/peers`), with some of its scripts.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pybayeux_devserver.soak.named import NAMED
from pybayeux_devserver.soak.process import CommandConsumer
from pybayeux_devserver.soak.stage import play
from tests.servers.fixtures import needs_tools
from tests.servers.node import prepare

if TYPE_CHECKING:
    from pybayeux_devserver.soak.stage import Outcome

PEERS: Final = Path(__file__).parents[2] / "benchmarks" / "peers"
NODE: Final = Path(__file__).parents[1] / "servers" / "node"
SCRIPTS: Final = {script.name: script for script in NAMED}

survived = pytest.mark.parametrize(
    "script", ["steady", "load balancer moves", "session lost", "token revoked", "killed and started again"]
)


def played(script: str, folder: Path, *command: str) -> Outcome:
    consumer = CommandConsumer(command, folder / "log")
    return asyncio.run(play(SCRIPTS[script], consumer, folder, scale=10.0, supervised=True))


@survived
@pytest.mark.timeout(120)
def test_aiosfstream_subscribes_replays_and_recovers(script: str, tmp_path: Path) -> None:
    outcome = played(script, tmp_path, sys.executable, str(PEERS / "aiosfstream_consumer.py"))
    assert outcome.verdict.is_good, outcome


@survived
@pytest.mark.timeout(120)
def test_faye_with_a_replay_extension_does_too(script: str, tmp_path: Path) -> None:
    with needs_tools():
        prepare()
    outcome = played(script, tmp_path, "node", str(PEERS / "faye_consumer.js"), str(NODE))
    assert outcome.verdict.is_good, outcome
