"""Random runs of a consumer: no event is lost, and none is handled twice within a process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.replay.tests.simulation import Simulation, run_steps
from pybayeux import Channel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CHANNELS = ("/orders/a", "/orders/b")
_publish = st.tuples(st.just("publish"), st.sampled_from(_CHANNELS), st.integers(1, 5))
_handle = st.tuples(st.just("handle"), st.sampled_from(_CHANNELS))
_others = st.tuples(st.sampled_from(["receive", "lose_session", "lose_answer", "kill", "restart", "turn"]))
_leaving = st.one_of(st.tuples(st.just("leave"), st.booleans()), st.tuples(st.just("join")))
_expiring = st.tuples(st.just("expire"))
_receive = st.tuples(st.just("receive"))
_giving_up = st.tuples(st.just("give_up"), st.sampled_from(_CHANNELS))
_usual = st.one_of(_publish, _receive, _handle, _others)


def _run(
    subscription: str,
    steps: Sequence[tuple[Any, ...]],
    check: Callable[[Simulation], None] = lambda simulation: None,
    **options: Any,
) -> Simulation:
    async def scenario() -> Simulation:
        simulation = Simulation(subscription, **options)
        await run_steps(simulation, steps, _CHANNELS, check)
        return simulation

    return asyncio.run(scenario())


_options = st.fixed_dictionaries(
    {"has_uuids": st.booleans(), "commit": st.sampled_from(["event", "batch", 1.0, "transaction"])}
)


@given(st.lists(_usual, max_size=60), _options)
def test_a_wildcard_loses_nothing_and_repeats_nothing_within_a_process(
    steps: list[tuple[Any, ...]], options: dict[str, Any]
) -> None:
    simulation = _run("/orders/*", steps, **options)
    assert {replay_id for _, replay_id in simulation.log} <= set(simulation.handled)
    assert simulation.repeated == []


@given(st.lists(st.one_of(_usual, _leaving), max_size=60), _options)
def test_a_receiver_that_returns_gets_what_it_had_not_handled(
    steps: list[tuple[Any, ...]], options: dict[str, Any]
) -> None:
    simulation = _run("/orders/a", steps, **options)
    assert {replay_id for channel, replay_id in simulation.log if channel == "/orders/a"} <= set(simulation.handled)
    assert simulation.repeated == []


@given(st.lists(st.one_of(_usual, _leaving, _giving_up), max_size=60), _options)
def test_an_event_that_one_receiver_gave_up_is_not_lost(steps: list[tuple[Any, ...]], options: dict[str, Any]) -> None:
    simulation = _run("/orders/*", steps, **options)
    assert {replay_id for _, replay_id in simulation.log} <= set(simulation.handled) | set(simulation.repeated)


@given(st.lists(st.one_of(_usual, _leaving, _expiring), max_size=60), _options)
def test_unusable_positions_lose_no_event_that_the_server_still_keeps(
    steps: list[tuple[Any, ...]], options: dict[str, Any]
) -> None:
    simulation = _run("/orders/a", steps, **options)
    assert {replay_id for channel, replay_id in simulation.log if channel == "/orders/a"} <= set(simulation.handled)


def test_an_unhandled_event_of_one_channel_is_not_passed_over_by_a_handled_one_of_another() -> None:
    steps = [("publish", "/orders/a", 1), ("publish", "/orders/b", 1), ("receive",), ("receive",)]
    steps += [("handle", "/orders/b"), ("turn",), ("kill",)]
    assert _run("/orders/*", steps).handled.count(1) == 1


@pytest.mark.parametrize("subscription", ["/orders/*", "/orders/a"])
def test_events_in_the_queue_are_not_delivered_again_after_a_lost_session(subscription: str) -> None:
    steps = [("publish", "/orders/a", 1)] * 3 + [("receive",)] * 3 + [("handle", "/orders/a"), ("lose_session",)]
    simulation = _run(subscription, steps)
    assert simulation.handled[:3] == [1, 2, 3]
    assert simulation.repeated == []


def _assert_no_position_within_a_transaction(simulation: Simulation) -> None:
    kept = simulation.store.get("default", simulation.subscription)
    if kept is None:
        return
    matching = [each[1] for each in simulation.published if Channel(simulation.subscription).match(each[0])]
    following = matching[matching.index(kept.replay_id) + 1 :]
    assert following, "a transaction ends when the next one begins"
    assert simulation.transaction_of(kept.replay_id) != simulation.transaction_of(following[0])


@given(st.lists(st.one_of(_usual, _leaving), max_size=60), st.sampled_from(["/orders/*", "/orders/a"]), st.booleans())
def test_a_position_is_never_within_a_transaction_and_no_event_is_lost(
    steps: list[tuple[Any, ...]], subscription: str, has_uuids: bool
) -> None:
    simulation = _run(
        subscription,
        steps,
        _assert_no_position_within_a_transaction,
        commit="transaction",
        transaction_size=3,
        has_uuids=has_uuids,
    )
    matching = {replay_id for channel, replay_id in simulation.log if Channel(subscription).match(channel)}
    assert matching <= set(simulation.handled)
