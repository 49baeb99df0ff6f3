from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Channel
from pybayeux_replay import channel_index as channel_index_module
from pybayeux_replay.channel_index import ChannelIndex, covers
from pybayeux_replay.grouping import Grouping
from pybayeux_replay.policies import Policies
from pybayeux_replay.resumption import Resumption

if TYPE_CHECKING:
    import pytest

names = st.lists(st.sampled_from(["a", "b", "service", "meta", "*", "**", "t", "t?a=1", "t?a=2/*"]), min_size=1).map(
    lambda segments: "/" + "/".join(segments)
)
"""Channels, patterns, filters, and what looks like one of them."""
channels = names.filter(lambda name: not Channel(name).has_wildcard())


def _index(*subscriptions: str) -> ChannelIndex:
    index = ChannelIndex()
    for name in subscriptions:
        index.add(Resumption(name, Policies(), None, grouping=Grouping.EACH, remembered=0))
    return index


def _names(index: ChannelIndex, channel: str) -> list[str]:
    return [each.subscription for each in index.covering(channel)]


def test_events_belong_to_the_subscriptions_that_cover_their_channel() -> None:
    index = _index("/orders/*", "/orders/a", "/**", "/cases")
    assert _names(index, "/orders/a") == ["/orders/a", "/orders/*", "/**"]
    assert _names(index, "/leads") == ["/**"]
    assert _names(index, "/service/orders") == []
    assert _names(_index("/cases"), "/orders") == []


def test_events_of_a_filtered_topic_may_come_without_the_filter() -> None:
    index = _index("/topic/T?a=1", "/topic/T?a=2")
    assert _names(index, "/topic/T?a=1") == ["/topic/T?a=1"]
    assert _names(index, "/topic/T") == ["/topic/T?a=1", "/topic/T?a=2"]


@given(st.lists(names | st.just("/t?a=1"), unique=True), channels)
def test_the_index_finds_what_asking_each_would(subscriptions: list[str], channel: str) -> None:
    index = _index(*subscriptions)
    is_kept = not channel.startswith(("/meta/", "/service/"))
    assert set(_names(index, channel)) == {each for each in subscriptions if is_kept and covers(each, channel)}
    assert len(index.covering(channel)) == len(set(_names(index, channel)))
    for each in list(index):
        index.remove(each)
    assert _names(index, channel) == []


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
