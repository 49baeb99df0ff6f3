"""Some cells of the matrix, so that its command goes on working. No times are asserted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from benchmarks.reliability.exchanges import Place
from benchmarks.reliability.matrix import cells_of, is_quick, run_cells
from benchmarks.reliability.subjects import PEERS, PYBAYEUX
from tests.servers import cometd, node
from tests.servers.fixtures import needs_tools

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.reliability.cell import Cell, Outcome
    from benchmarks.reliability.subjects import Subject


@pytest.mark.parametrize("transport", ["long-polling", "websocket"])
@pytest.mark.parametrize("server", ["Faye", "devserver"])
def test_pybayeux_recovers_from_a_fault_of_each_kind(server: str, transport: str) -> None:
    with needs_tools():
        node.prepare()
    target = f"{server}, {transport}"
    cells = cells_of(PYBAYEUX[:1], lambda cell: is_quick(cell) and str(cell.target) == target)
    outcomes = [outcome for outcome in outcomes_of(cells) if outcome.skipped is None]
    assert [outcome for outcome in outcomes if not is_good(outcome)] == []
    assert len(outcomes) >= 6


def outcomes_of(cells: Sequence[Cell]) -> list[Outcome]:
    """Runs cells."""

    async def collect() -> list[Outcome]:
        return [outcome async for outcome in run_cells(cells)]

    return asyncio.run(collect())


def is_good(outcome: Outcome) -> bool:
    """Whether it is as it should be, without loss where the server has a replay log."""
    if outcome.cell.fault.name == "TLS failure":
        return outcome.error is not None
    if outcome.cell.target.server == "devserver" and (outcome.lost or outcome.twice or outcome.disordered):
        return False
    return outcome.recovery is not None and outcome.error is None


@pytest.mark.parametrize("subject", PEERS, ids=lambda subject: subject.name)
def test_the_program_of_each_other_client_works(subject: Subject) -> None:
    with needs_tools():
        node.prepare()
        cometd.prepare()
    cells = cells_of([subject], lambda cell: cell.fault.name == "duplicate replies" and cell.place is Place.PUBLISH)
    outcomes = outcomes_of(cells)
    assert len(outcomes) == 2
    assert all(outcome.recovery is not None and outcome.lost == 0 for outcome in outcomes)
