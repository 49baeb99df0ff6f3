"""What every store has to do with positions, and one with fences with them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Final

from ..position import EARLIEST, Position
from ..store import FencedStore, PromptStore
from .samples import FULL, NOON, ROUNDS, one_more, opened, refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..store import Store

__all__ = (
    "fences_against_other_writers",
    "fences_what_it_writes",
    "keeps_all_fields",
    "keeps_consumers_apart",
    "opens_again_after_close",
    "replaces_a_position",
    "takes_many_and_none",
    "takes_names_as_text",
    "writes_at_once_or_not_at_all",
)

_ODD_NAMES: Final = ("/topic/Fälle?Name='O\"Brien' AND x%3A", "00D1/a b", "/{a}:b*", "/événement/**")


def keeps_all_fields(make: Callable[[], Store]) -> None:
    """A position comes back as it was stored, to the microsecond; only its zone is UTC."""
    with opened(make) as (store,):
        poor = Position(EARLIEST, NOON)
        store.set("billing", {"/orders": FULL, "/cases": poor})
        assert store.get("billing", "/orders") == FULL
        assert store.items("billing") == {"/orders": FULL, "/cases": poor}
        assert all(each.stored_at.tzinfo is UTC for each in store.items("billing").values())


def replaces_a_position(make: Callable[[], Store]) -> None:
    """A position may go back, and may lose the fields that the one before had."""
    with opened(make) as (store,):
        store.set("billing", {"/orders": FULL})
        store.set("billing", {"/orders": Position(3, NOON)})
        assert store.get("billing", "/orders") == Position(3, NOON)


def keeps_consumers_apart(make: Callable[[], Store]) -> None:
    """Neither reading nor deleting touches another consumer."""
    with opened(make) as (store,):
        store.set("billing", {"/orders": Position(1, NOON)})
        store.set("shipping", {"/orders": Position(2, NOON)})
        assert store.get("audit", "/orders") is None
        assert store.items("audit") == {}
        store.delete("billing", "/orders")
        assert store.get("billing", "/orders") is None
        assert store.get("shipping", "/orders") == Position(2, NOON)
        assert list(store.items("shipping")) == ["/orders"]


def takes_names_as_text(make: Callable[[], Store]) -> None:
    """Names of subscriptions and consumers may have any characters."""
    with opened(make) as (store,):
        positions = {name: Position(number, NOON) for number, name in enumerate(_ODD_NAMES)}
        for consumer in ("Ägypten: {1}", "b%ling", "billing"):
            store.set(consumer, positions)
            assert store.items(consumer) == positions
            assert {name: store.get(consumer, name) for name in _ODD_NAMES} == positions
            store.delete(consumer, _ODD_NAMES[0])
            assert set(store.items(consumer)) == set(_ODD_NAMES[1:])


def takes_many_and_none(make: Callable[[], Store]) -> None:
    """One call stores a thousand positions; to store or delete none is no error."""
    with opened(make) as (store,):
        store.delete("billing", "/orders")
        store.set("billing", {})
        assert store.items("billing") == {}
        many = {f"/orders/{number}": Position(number, NOON) for number in range(1000)}
        store.set("billing", many)
        assert store.items("billing") == many


def opens_again_after_close(make: Callable[[], Store]) -> None:
    """A closed store may be used again, and may be closed twice."""
    with opened(make) as (store,):
        store.set("billing", {"/orders": FULL})
        store.close()
        store.close()
        assert store.get("billing", "/orders") == FULL


def fences_what_it_writes(make: Callable[[], Store]) -> None:
    """The fence sees the stored positions of the subscriptions in question, and decides what is written."""
    with opened(make) as (store,):
        if not isinstance(store, FencedStore):
            return
        seen: list[Mapping[str, Position]] = []

        def second_only(stored: Mapping[str, Position]) -> Mapping[str, Position]:
            seen.append(stored)
            return {"/b": Position(2, NOON)}

        store.set("billing", {"/a": FULL, "/other": FULL})
        store.fenced_set("billing", {"/a": Position(1, NOON), "/b": Position(2, NOON)}, second_only)
        assert seen == [{"/a": FULL}]
        assert store.items("billing") == {"/a": FULL, "/b": Position(2, NOON), "/other": FULL}
        store.fenced_set("billing", {"/a": Position(1, NOON)}, lambda stored: {})
        _raises(lambda: store.fenced_set("billing", {"/a": Position(1, NOON)}, refuse))
        assert store.get("billing", "/a") == FULL


def writes_at_once_or_not_at_all(make: Callable[[], Store]) -> None:
    """A store that can write at once does it as `fenced_set` would, or writes nothing and says so."""
    with opened(make) as (store,):
        if not isinstance(store, PromptStore):
            return
        store.set("billing", {"/other": FULL})
        for number in range(ROUNDS):
            before = store.items("billing")
            if not store.set_at_once("billing", {"/orders": Position(1, NOON)}, one_more):
                assert store.items("billing") == before
                store.fenced_set("billing", {"/orders": Position(1, NOON)}, one_more)
            position = store.get("billing", "/orders")
            assert position is not None
            assert position.replay_id == number + 1
        after = store.items("billing")
        with suppress(ZeroDivisionError):
            assert not store.set_at_once("billing", {"/orders": Position(1, NOON)}, refuse)
        assert store.items("billing") == after


def fences_against_other_writers(make: Callable[[], Store]) -> None:
    """Of two stores that read and write at the same time, none overwrites what it has not seen."""
    with opened(make, 2) as stores:
        fenced = [store for store in stores if isinstance(store, FencedStore)]

        def count(store: FencedStore) -> None:
            for _ in range(ROUNDS):
                store.fenced_set("billing", {"/orders": Position(1, NOON)}, one_more)

        with ThreadPoolExecutor(len(stores)) as threads:
            for done in [threads.submit(count, store) for store in fenced]:
                done.result()
        position = stores[0].get("billing", "/orders")
        assert (0 if position is None else position.replay_id) == ROUNDS * len(fenced)


def _raises(call: Callable[[], object]) -> None:
    try:
        call()
    except ZeroDivisionError:
        return
    raise AssertionError("the exception of the fence was swallowed")
