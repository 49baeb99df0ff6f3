from __future__ import annotations

from pybayeux_replay.dedupe import Dedupe


def _known(done: Dedupe, *keys: object) -> list[bool]:
    done.recall()
    return [key in done.known for key in keys]


def test_the_last_so_many_are_known_and_no_more() -> None:
    done = Dedupe(3)
    for key in ("a", ("/x", 1), "b", "c"):
        done.add(key)
    assert done.known == frozenset()
    assert _known(done, "a", ("/x", 1), "b", "c", "d") == [False, True, True, True, False]
    done.add("d")
    assert "d" not in done.known  # nothing comes again unless it is asked for again


def test_memory_is_bounded() -> None:
    done = Dedupe(100)
    for number in range(10_000):
        done.add(("/x", number))
    done.recall()
    assert len(done.known) == 100


def test_none_are_known_where_nobody_wants_it() -> None:
    done = Dedupe(0)
    done.add("a")
    assert _known(done, "a") == [False]


def test_another_numbering_leaves_what_is_good_everywhere() -> None:
    done = Dedupe(3)
    for key in ("a", ("/x", 1), ("/x", 2)):
        done.add(key)
    done.renumbered()
    assert done.known == {"a"}
    assert _known(done, "a", ("/x", 1), ("/x", 2)) == [True, False, False]
    for number in (3, 4, 5):
        done.add(("/x", number))
    assert _known(done, "a", ("/x", 3)) == [False, True]
