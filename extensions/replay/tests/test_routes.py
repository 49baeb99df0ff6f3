from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux_replay import routes as routes_module
from pybayeux_replay.commit import Grouping
from pybayeux_replay.policies import Policies
from pybayeux_replay.resumption import Resumption
from pybayeux_replay.routes import Routes

if TYPE_CHECKING:
    import pytest


def _routes(*subscriptions: str) -> Routes:
    routes = Routes()
    for name in subscriptions:
        routes.add(name, Resumption(name, Policies(), None, grouping=Grouping.EACH, remembered=0))
    return routes


def _names(routes: Routes, channel: str) -> list[str]:
    return [each.window.subscription for each in routes.of(channel)]


def test_events_belong_to_what_covers_their_channel() -> None:
    routes = _routes("/orders/*", "/orders/a", "/**", "/cases")
    assert _names(routes, "/orders/a") == ["/orders/*", "/orders/a", "/**"]
    assert _names(routes, "/leads") == ["/**"]
    assert _names(routes, "/service/orders") == []
    assert _names(_routes("/cases"), "/orders") == []


def test_events_of_a_filtered_topic_may_come_without_the_filter() -> None:
    routes = _routes("/topic/T?a=1", "/topic/T?a=2")
    assert _names(routes, "/topic/T?a=1") == ["/topic/T?a=1"]
    assert _names(routes, "/topic/T") == ["/topic/T?a=1", "/topic/T?a=2"]


def test_what_was_found_holds_until_something_changes() -> None:
    routes = _routes("/orders")
    routes.of("/orders")
    routes.ignore("/cases")
    assert set(routes.found) == {"/orders", "/cases"}
    routes.remove("/orders")
    assert routes.found == {}
    assert routes.get("/orders") is None
    assert _names(routes, "/orders") == []
    routes.ignore("/orders")
    routes.forget()
    assert routes.found == {}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes_module, "_CACHED", 2)
    routes = _routes("/**")
    for number in range(5):
        assert _names(routes, f"/orders/{number}") == ["/**"]
    assert len(routes.found) <= 2
    routes.clear()
    assert list(routes) == []
