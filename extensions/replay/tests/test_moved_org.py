"""Random runs of a consumer whose org moves: replay ids start again, and stand for other events than before."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from extensions.replay.tests.simulation import Simulation, run_steps
from pybayeux_replay import GapReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import Message

_CHANNELS = ("/orders/a", "/orders/b")


class MovingSimulation(Simulation):
    """A server that forgets everything and restarts its numbering, and an extension that knows the org.

    What is noted of events is about those that came after the last move.
    """

    def __init__(self, subscription: str, **options: Any) -> None:
        self.moves = 0
        super().__init__(subscription, neighbours=[self], **options)

    def replay_origin(self, client: object) -> str:
        return f"org/{self.moves}"

    def event(self, channel: str, replay_id: int) -> Message:
        message = super().event(channel, replay_id)
        message.data["move"] = self.moves
        if self._has_uuids:
            message.data["event"]["EventUuid"] = f"uuid-{self.moves}-{replay_id}"
        return message

    def note(self, message: Message) -> None:
        if message.data["move"] == self.moves:
            super().note(message)

    def move(self) -> None:
        self.moves += 1
        for book in (self.log, self.published, self.handled, self.repeated, self.gaps):
            book.clear()
        self._here.clear()
        self.lose_session()


_steps = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(_CHANNELS), st.integers(1, 2)),
    st.tuples(st.just("receive")),
    st.tuples(st.just("handle"), st.sampled_from(_CHANNELS)),
    st.tuples(st.sampled_from(["lose_session", "lose_answer", "kill", "restart", "turn", "move"])),
)


def _run(steps: Sequence[tuple[Any, ...]], **options: Any) -> MovingSimulation:
    async def scenario() -> MovingSimulation:
        simulation = MovingSimulation("/orders/*", **options)
        await run_steps(simulation, steps, _CHANNELS)
        return simulation

    return asyncio.run(scenario())


@given(st.lists(_steps, max_size=60), st.booleans(), st.sampled_from(["event", "batch", 1.0]))
def test_no_event_is_mistaken_for_another_with_the_same_id(
    steps: list[tuple[Any, ...]], has_uuids: bool, commit: Any
) -> None:
    simulation = _run(steps, has_uuids=has_uuids, commit=commit)
    assert {replay_id for _, replay_id in simulation.published} <= set(simulation.handled)
    assert simulation.repeated == []
    kept = simulation.store.items("default")["/orders/*"]
    assert kept.org == f"org/{simulation.moves}"


def test_a_move_is_a_gap_if_there_was_a_position() -> None:
    steps = [("publish", "/orders/a", 1), ("receive",), ("handle", "/orders/a"), ("turn",)]
    simulation = _run([*steps, ("move",)])
    assert [(gap.reason, gap.position and gap.position.replay_id, gap.resumes_at) for gap in simulation.gaps] == [
        (GapReason.FOREIGN, 1, "earliest")
    ]
    assert _run([("move",)]).gaps == []


def test_a_move_between_two_runs_is_noticed() -> None:
    steps = [("publish", "/orders/a", 1), ("receive",), ("handle", "/orders/a"), ("turn",), ("move",), ("kill",)]
    simulation = _run([*steps, ("publish", "/orders/a", 1)])
    assert GapReason.FOREIGN in {gap.reason for gap in simulation.gaps}
