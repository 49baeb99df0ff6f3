"""Two orgs, one store and one consumer name: each org has its positions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from extensions.replay.tests.simulation import FakeClient, asked_for, event, reply
from pybayeux import Channel
from pybayeux_replay import Gap, GapReason, MemoryStore, Replay

if TYPE_CHECKING:
    from pybayeux_replay import Store

ONE, TWO = "00D1@one@NA1", "00D2@two@NA1"


class _Run:
    """A client with replay, at the org of `origin`."""

    def __init__(self, store: Store, origin: str) -> None:
        self.origin = origin
        self.gaps: list[Gap] = []
        self.client = FakeClient(self)
        self.replay = Replay(store, since="earliest", on_gap=self.gaps.append)
        self.replay.registered(self.client.as_client)

    def replay_origin(self, client: object) -> str:
        return self.origin

    def subscribe(self) -> int:
        """Subscribe in a new session, and return the place asked for."""
        (place,) = asked_for(self.replay, "/orders").values()
        self.replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders"), self.client.as_client)
        return place

    def handle(self, replay_id: int) -> None:
        """Receive and handle an event."""
        message = event("/orders", replay_id)
        assert self.replay.incoming(message, self.client.as_client) is None
        self.replay.delivered(message, self.client.as_client)


def _places(store: Store) -> dict[str, int]:
    return {key: each.replay_id for key, each in store.items("default").items()}


def test_clients_of_two_orgs_go_on_after_their_own_events_without_a_gap() -> None:
    async def scenario() -> None:
        for origin, place, replay_id in ((ONE, -2, 7), (TWO, -2, 900), (ONE, 7, 8), (TWO, 900, 901)):
            run = _Run(store, origin)
            assert run.subscribe() == place
            run.handle(replay_id)
            await run.replay.unregistered()
            assert run.gaps == []

    store = MemoryStore()
    asyncio.run(scenario())
    assert _places(store) == {"00D1/orders": 8, "00D2/orders": 901}


def test_a_client_whose_login_leads_to_another_org_goes_on_with_the_position_of_that_org() -> None:
    async def scenario() -> None:
        other = _Run(store, TWO)
        other.subscribe()
        other.handle(900)
        await other.replay.unregistered()
        run = _Run(store, ONE)
        assert run.subscribe() == -2
        run.handle(7)
        run.origin = TWO
        assert run.subscribe() == 900
        run.handle(901)
        run.origin = ONE
        assert run.subscribe() == 7
        await run.replay.unregistered()
        assert run.gaps == []

    store = MemoryStore()
    asyncio.run(scenario())
    assert _places(store) == {"00D1/orders": 7, "00D2/orders": 901}


def test_an_org_that_replaces_another_one_at_its_host_is_a_gap_while_the_client_runs_and_at_its_start() -> None:
    async def scenario() -> None:
        run = _Run(store, ONE)
        assert run.subscribe() == -2
        run.handle(7)
        run.origin = "00D5@one@NA1"
        assert run.subscribe() == -2
        run.handle(3)
        assert [(gap.reason, gap.position and gap.position.replay_id) for gap in run.gaps] == [(GapReason.FOREIGN, 7)]
        await run.replay.unregistered()
        again = _Run(store, "00D6@one@NA1")
        assert again.subscribe() == -2
        assert [(gap.reason, gap.position and gap.position.replay_id) for gap in again.gaps] == [(GapReason.FOREIGN, 3)]
        await again.replay.unregistered()

    store = MemoryStore()
    asyncio.run(scenario())
    assert _places(store) == {"00D1/orders": 7, "00D5/orders": 3}
