from __future__ import annotations

from core.tests.dispatching import DispatcherProbe
from pybayeux._client.event_queue import EventQueue
from pybayeux._client.router import Router


def router() -> tuple[Router, list[tuple[EventQueue, ...]]]:
    joined: list[tuple[EventQueue, ...]] = []

    def join(queues: tuple[EventQueue, ...]) -> EventQueue:
        joined.append(queues)
        return EventQueue("/joined", DispatcherProbe().dispatcher)

    return Router(join, ended=lambda channel: None), joined


def test_the_first_and_the_last_of_a_channel_are_reported() -> None:
    routes, _ = router()
    one, two = (EventQueue("/a", DispatcherProbe().dispatcher) for _ in range(2))
    assert [routes.add(one), routes.add(two)] == [True, False]
    assert routes.of("/a") == (one, two)
    assert [routes.remove(each) for each in (one, one, two, two)] == [False, False, True, False]
    assert list(routes) == []


def test_a_channel_leads_to_its_queue_until_the_queues_change() -> None:
    routes, joined = router()
    exact = EventQueue("/a/b", DispatcherProbe().dispatcher)
    routes.add(exact)
    assert routes.find("/a/b") is exact
    assert routes.routes == {"/a/b": exact}
    wide = EventQueue("/a/**", DispatcherProbe().dispatcher)
    routes.add(wide)
    assert routes.routes == {}
    routes.find("/a/b")
    routes.find("/x")
    assert joined == [(exact, wide), ()]


def test_routes_of_endless_channels_do_not_pile_up() -> None:
    routes, _ = router()
    routes.add(EventQueue("/**", DispatcherProbe().dispatcher))
    for number in range(25_000):
        routes.find(f"/a/{number}")
    assert len(routes.routes) <= 10_000
