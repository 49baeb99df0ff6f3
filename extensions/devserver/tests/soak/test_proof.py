"""The proof: hundreds of random scripts of faults and crashes, real processes, a durable store.

Every published event is handled at least once, in order on its channel, none twice by one process, and where the
server has given events up a gap is told. A failure shows its seed: ``pybayeux-devserver soak --seed SEED --scripts 1``
plays it again.
"""

from __future__ import annotations

import pytest

from extensions.devserver.tests.conversation import in_loop
from pybayeux_devserver.salesforce import SalesforceEmulator
from pybayeux_devserver.soak.named import NAMED
from pybayeux_devserver.soak.random_scripts import random_script
from pybayeux_devserver.soak.run import outcomes

SCRIPTS = 300
BATCH = 15

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("first", range(0, SCRIPTS, BATCH))
@in_loop
async def test_no_event_is_lost_whatever_happens(first: int) -> None:
    scripts = (random_script(seed, SalesforceEmulator.fault_kinds) for seed in range(first, first + BATCH))
    failed = [str(outcome) async for outcome in outcomes(scripts) if not outcome.is_good]
    assert not failed, "\n".join(failed)


@in_loop
async def test_the_scripts_with_names_lose_nothing_either() -> None:
    failed = [str(outcome) async for outcome in outcomes(NAMED) if not outcome.is_good]
    assert not failed, "\n".join(failed)
