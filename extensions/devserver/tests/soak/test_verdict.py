from __future__ import annotations

from pybayeux_devserver.soak.journal import Entry
from pybayeux_devserver.soak.verdict import Verdict, judge

PUBLISHED = {"/a": ["a-1", "a-2", "a-3"], "/b": ["b-1"]}


def handled(*marks: str, run: int = 1) -> list[Entry]:
    return [Entry("event", f"/{mark[0]}", mark, run) for mark in marks]


def test_all_handled_once_in_order_is_good() -> None:
    verdict = judge(PUBLISHED, handled("a-1", "b-1", "a-2", "a-3"))
    assert verdict == Verdict(published=4, handled=4)
    assert verdict.is_good


def test_what_was_never_handled_is_lost() -> None:
    verdict = judge(PUBLISHED, handled("a-1", "a-3", "b-1"))
    assert verdict.problems == {"lost": ("a-2",)}
    assert not verdict.is_good


def test_what_the_server_gave_up_is_gone_where_a_gap_was_told() -> None:
    told = [*handled("a-1", "a-3", "b-1"), Entry("gap", "/a")]
    verdict = judge(PUBLISHED, told, ["a-2"])
    assert (verdict.gone, verdict.gaps, verdict.is_good) == (("a-2",), 1, True)


def test_a_gap_of_another_channel_says_nothing() -> None:
    verdict = judge(PUBLISHED, [*handled("a-1", "a-3", "b-1"), Entry("gap", "/b")], ["a-2"])
    assert verdict.problems == {"silent": ("a-2",)}


def test_a_process_must_not_handle_an_event_twice() -> None:
    verdict = judge(PUBLISHED, handled("a-1", "a-2", "a-2", "a-3", "b-1"))
    assert verdict.problems == {"repeated": ("a-2",)}


def test_after_a_gap_its_ids_mean_nothing_any_more() -> None:
    told = [*handled("a-1", "a-2", "b-1"), Entry("gap", "/a", run=1), *handled("a-1", "a-2", "a-3")]
    verdict = judge(PUBLISHED, told)
    assert (verdict.after_gap, verdict.is_good) == (2, True)
    assert judge(PUBLISHED, [*told, *handled("b-1")]).problems == {"repeated": ("b-1",)}


def test_a_later_process_may() -> None:
    verdict = judge(PUBLISHED, [*handled("a-1", "a-2", "b-1"), *handled("a-2", "a-3", run=2)])
    assert (verdict.again, verdict.is_good) == (1, True)


def test_first_handlings_are_in_order() -> None:
    verdict = judge(PUBLISHED, handled("a-1", "a-3", "a-2", "b-1"))
    assert verdict.problems == {"disordered": ("a-2",)}
    again = [*handled("a-1", "a-2", "a-3", "b-1"), *handled("a-2", "a-3", run=2)]
    assert judge(PUBLISHED, again).is_good, "what comes again comes from further back"


def test_what_was_never_published_is_strange() -> None:
    verdict = judge(PUBLISHED, [*handled("a-1", "a-2", "a-3", "b-1", "a-9"), Entry("event", "/c", "c-1")])
    assert verdict.problems == {"strange": ("a-9", "c-1")}


def test_other_lines_are_for_people() -> None:
    assert judge({}, [Entry("position", "/a"), Entry("state", text="connected")]).is_good
