from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.simulation import event
from pybayeux_replay import leaving
from pybayeux_replay.leaving import LeavingWindows
from pybayeux_replay.window import Window

if TYPE_CHECKING:
    import pytest

    from pybayeux import Message


def left(subscription: str, *ids: int) -> tuple[Window, list[Message]]:
    """The window of a subscription that has ended, and the events in it."""
    window, events = Window(subscription, -2), [event(subscription, each) for each in ids]
    for message, replay_id in zip(events, ids, strict=True):
        window.receive(message, replay_id)
    window.close()
    return window, events


def test_a_window_stays_until_it_is_handled() -> None:
    windows, (window, events) = LeavingWindows(), left("/orders", 3, 4)
    windows.add(window)
    for message, position in zip(events, (3, 4), strict=True):
        assert windows.windows
        assert list(windows.handle(message)) == [window]
        assert window.position == position
    assert not windows.windows


def test_a_handled_window_is_not_kept() -> None:
    windows, (window, _) = LeavingWindows(), left("/orders")
    windows.add(window)
    assert not windows.windows


def test_a_window_whose_channel_is_subscribed_to_again_is_forgotten() -> None:
    windows, (orders, [order]), (bills, [bill]) = LeavingWindows(), left("/orders", 3), left("/bills", 4)
    for window in (orders, bills):
        windows.add(window)
    windows.forget("/orders")
    assert list(windows.handle(order)) == []
    assert list(windows.handle(bill)) == [bills]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_MAX_EVENTS", 3)
    windows, (orders, [order, _]), (bills, [bill, _]) = LeavingWindows(), left("/orders", 3, 4), left("/bills", 5, 6)
    for window in (orders, bills):
        windows.add(window)
    assert list(windows.handle(order)) == []
    assert list(windows.handle(bill)) == [bills]


def test_the_end_of_the_client_forgets_all() -> None:
    windows, (window, _) = LeavingWindows(), left("/orders", 3)
    windows.add(window)
    windows.clear()
    assert not windows.windows


def test_an_event_is_looked_for_only_where_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    windows, (orders, [order]), (bills, _) = LeavingWindows(), left("/orders/*", 3), left("/bills", 4)
    filtered, _ = left("/topic/T?a=1", 5)
    for window in (orders, bills, filtered):
        windows.add(window)
    asked: list[Window] = []
    monkeypatch.setattr(Window, "handle", lambda window, message: asked.append(window))
    for channel in ("/orders/new", "/topic/T", "/topic/T?a=1", "/service/orders"):
        order.channel = channel
        list(windows.handle(order))
    assert asked == [orders, filtered, filtered]
