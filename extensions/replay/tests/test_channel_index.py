from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux_replay import channel_index as channel_index_module
from pybayeux_replay.channel_index import ChannelIndex
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.policies import Policies
from pybayeux_replay.resumption import Resumption

if TYPE_CHECKING:
    import pytest


def _index(*subscriptions: str) -> ChannelIndex:
    index = ChannelIndex()
    for name in subscriptions:
        index.add(Resumption(name, Policies(), None, grouping=Grouping.EACH, remembered=0))
    return index


def _names(index: ChannelIndex, channel: str) -> list[str]:
    return [each.subscription for each in index.covering(channel)]


def test_events_belong_to_the_subscriptions_that_cover_their_channel() -> None:
    index = _index("/orders/*", "/orders/a", "/**", "/cases")
    assert _names(index, "/orders/a") == ["/orders/*", "/orders/a", "/**"]
    assert _names(index, "/leads") == ["/**"]
    assert _names(index, "/service/orders") == []
    assert _names(_index("/cases"), "/orders") == []


def test_events_of_a_filtered_topic_may_come_without_the_filter() -> None:
    index = _index("/topic/T?a=1", "/topic/T?a=2")
    assert _names(index, "/topic/T?a=1") == ["/topic/T?a=1"]
    assert _names(index, "/topic/T") == ["/topic/T?a=1", "/topic/T?a=2"]


def test_the_cache_is_valid_until_subscriptions_change() -> None:
    index = _index("/orders")
    (only,) = index.covering("/orders")
    index.ignore("/cases")
    assert set(index.cache) == {"/orders", "/cases"}
    index.remove(only)
    assert index.cache == {}
    assert index.get("/orders") is None
    assert _names(index, "/orders") == []
    index.ignore("/orders")
    index.cache.clear()
    assert index.cache == {}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_index_module, "_MAX_CACHED", 2)
    index = _index("/**")
    for number in range(5):
        assert _names(index, f"/orders/{number}") == ["/**"]
    assert len(index.cache) <= 2
    index.clear()
    assert list(index) == []
