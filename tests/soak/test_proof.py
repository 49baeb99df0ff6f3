"""The proof: hundreds of random scripts of faults and crashes, with real processes and a durable store.

Every published event is handled at least once, in order on its channel, never twice by one process. For events that
the server deleted, a gap is reported. A failure shows its seed; run it again with
``python -m tests.soak --seed SEED --scripts 1``.
"""

from __future__ import annotations

import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator
from tests.soak.named_scripts import NAMED
from tests.soak.random_scripts import random_script
from tests.soak.runner import outcomes

SCRIPTS = 300
BATCH = 15

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("first", range(0, SCRIPTS, BATCH))
@in_loop
async def test_random_scripts_lose_no_event(first: int) -> None:
    scripts = (random_script(seed, SalesforceEmulator.fault_kinds) for seed in range(first, first + BATCH))
    failed = [str(outcome) async for outcome in outcomes(scripts) if not outcome.is_good]
    assert not failed, "\n".join(failed)


@in_loop
async def test_named_scripts_lose_no_event() -> None:
    failed = [str(outcome) async for outcome in outcomes(NAMED) if not outcome.is_good]
    assert not failed, "\n".join(failed)
