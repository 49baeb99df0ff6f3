"""The emulated org speaks with clients that others wrote: they subscribe, replay and recover.

They are the consumers of the comparison (`benchmarks/peers`), with some of its scripts.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.servers.fixtures import needs_tools
from tests.servers.node import prepare
from tests.soak.consumer_process import CommandConsumer
from tests.soak.named_scripts import NAMED
from tests.soak.script_run import run_script

if TYPE_CHECKING:
    from tests.soak.script_run import Outcome

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = ROOT / "benchmarks" / "peers"
NODE: Final = Path(__file__).parents[1] / "servers" / "node"
SCRIPTS: Final = {script.name: script for script in NAMED}

survived = pytest.mark.parametrize(
    "script", ["steady", "load balancer moves", "session lost", "token revoked", "killed and started again"]
)


def played(script: str, folder: Path, *command: str) -> Outcome:
    consumer = CommandConsumer(command, folder / "log", ROOT)
    return asyncio.run(run_script(SCRIPTS[script], consumer, folder, scale=10.0, supervised=True))


@survived
@pytest.mark.timeout(120)
def test_aiosfstream_subscribes_replays_and_recovers(script: str, tmp_path: Path) -> None:
    outcome = played(script, tmp_path, sys.executable, "-m", "benchmarks.peers.aiosfstream_consumer")
    assert outcome.report.is_good, outcome


@survived
@pytest.mark.timeout(120)
def test_faye_with_a_replay_extension_does_too(script: str, tmp_path: Path) -> None:
    with needs_tools():
        prepare()
    outcome = played(script, tmp_path, "node", str(PEERS / "faye_consumer.js"), str(NODE))
    assert outcome.report.is_good, outcome
