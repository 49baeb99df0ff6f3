"""What a store of dead letters has to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from ..dead_letters import DeadLetter, DeadLetterStore
from .samples import NOON, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..store import Store

__all__ = ("keeps_dead_letters", "tells_dead_letters_apart")


def keeps_dead_letters(make: Callable[[], Store]) -> None:
    """A dead letter comes back with a number; the same event is kept once, and its attempts are counted."""
    letter = DeadLetter("/orders/*", "/orders/eu", 7, "ValueError: é\n", NOON, '[{"data":1}]', "uuid-7")
    with opened(make) as (store,):
        if not isinstance(store, DeadLetterStore):
            return
        assert store.dead_letters("billing") == []
        store.delete_dead_letters("billing", [1])
        number = store.add_dead_letter("billing", letter)
        assert store.dead_letters("billing") == [replace(letter, number=number)]
        again = replace(letter, error="KeyError: 1", failed_at=NOON + timedelta(1), content='[{"data":2}]')
        assert store.add_dead_letter("billing", again) == number
        assert store.dead_letters("billing") == [replace(again, number=number, attempts=2)]
        last = replace(again, number=number, error="OSError: 2")
        assert store.add_dead_letter("billing", last) == number
        assert store.dead_letters("billing") == [replace(last, attempts=3)]


def tells_dead_letters_apart(make: Callable[[], Store]) -> None:
    """Letters of other events, subscriptions and consumers, and of events that nothing identifies, are others."""
    letter = DeadLetter("/orders/*", "/orders/eu", 7, "error", NOON, "[{}]", "uuid-7")
    nameless = replace(letter, replay_id=None, identity=None)
    others = [letter, replace(letter, subscription="/**"), replace(letter, identity="uuid-8"), nameless, nameless]
    with opened(make) as (store,):
        if not isinstance(store, DeadLetterStore):
            return
        numbers = [store.add_dead_letter("billing", each) for each in others]
        assert numbers == sorted(set(numbers))
        assert [each.number for each in store.dead_letters("billing")] == numbers
        store.add_dead_letter("shipping", letter)
        store.delete_dead_letters("billing", [numbers[1], numbers[4], 10_000_000])
        kept = [replace(others[place], number=numbers[place]) for place in (0, 2, 3)]
        assert store.dead_letters("billing") == kept
        assert len(store.dead_letters("shipping")) == 1
        # A number that was shown never stands for another event.
        assert store.add_dead_letter("billing", replace(letter, identity="uuid-9")) > numbers[4]
        store.add_dead_letter("billing", replace(letter, number=numbers[1]))
        assert numbers[1] not in [each.number for each in store.dead_letters("billing")]
