from __future__ import annotations

from tests.soak.delivery_report import DeliveryReport, evaluate
from tests.soak.journal import Entry

PUBLISHED = {"/a": ["a-1", "a-2", "a-3"], "/b": ["b-1"]}


def handled(*marks: str, run: int = 1) -> list[Entry]:
    return [Entry("event", f"/{mark[0]}", mark, run) for mark in marks]


def test_all_events_handled_once_and_in_order_is_good() -> None:
    report = evaluate(PUBLISHED, handled("a-1", "b-1", "a-2", "a-3"))
    assert report == DeliveryReport(published=4, handled=4)
    assert report.is_good


def test_an_event_that_was_never_handled_is_lost() -> None:
    report = evaluate(PUBLISHED, handled("a-1", "a-3", "b-1"))
    assert report.problems == {"lost": ("a-2",)}
    assert not report.is_good


def test_a_deleted_event_is_declared_by_a_gap_of_its_channel() -> None:
    entries = [*handled("a-1", "a-3", "b-1"), Entry("gap", "/a")]
    report = evaluate(PUBLISHED, entries, ["a-2"])
    assert (report.declared, report.gaps, report.is_good) == (("a-2",), 1, True)


def test_a_gap_of_another_channel_does_not_declare_it() -> None:
    report = evaluate(PUBLISHED, [*handled("a-1", "a-3", "b-1"), Entry("gap", "/b")], ["a-2"])
    assert report.problems == {"undeclared": ("a-2",)}


def test_one_process_must_not_handle_an_event_twice() -> None:
    report = evaluate(PUBLISHED, handled("a-1", "a-2", "a-2", "a-3", "b-1"))
    assert report.problems == {"repeated": ("a-2",)}


def test_after_a_gap_events_may_be_handled_again() -> None:
    entries = [*handled("a-1", "a-2", "b-1"), Entry("gap", "/a", run=1), *handled("a-1", "a-2", "a-3")]
    report = evaluate(PUBLISHED, entries)
    assert (report.after_gap, report.is_good) == (2, True)
    assert evaluate(PUBLISHED, [*entries, *handled("b-1")]).problems == {"repeated": ("b-1",)}


def test_a_later_process_may_handle_an_event_again() -> None:
    report = evaluate(PUBLISHED, [*handled("a-1", "a-2", "b-1"), *handled("a-2", "a-3", run=2)])
    assert (report.again, report.is_good) == (1, True)


def test_first_handlings_must_be_in_order() -> None:
    report = evaluate(PUBLISHED, handled("a-1", "a-3", "a-2", "b-1"))
    assert report.problems == {"disordered": ("a-2",)}
    again = [*handled("a-1", "a-2", "a-3", "b-1"), *handled("a-2", "a-3", run=2)]
    assert evaluate(PUBLISHED, again).is_good, "repeated events do not count as disordered"


def test_an_event_that_was_never_published_is_unexpected() -> None:
    report = evaluate(PUBLISHED, [*handled("a-1", "a-2", "a-3", "b-1", "a-9"), Entry("event", "/c", "c-1")])
    assert report.problems == {"unexpected": ("a-9", "c-1")}


def test_other_kinds_of_lines_are_ignored() -> None:
    assert evaluate({}, [Entry("position", "/a"), Entry("state", text="connected")]).is_good


def test_two_processes_that_handle_the_same_events_have_to_report_it() -> None:
    entries = [Entry("event", "/a", "1", 1), Entry("event", "/a", "1", 2)]
    assert evaluate({"/a": ["1"]}, entries, crashes=True).is_good
    assert evaluate({"/a": ["1"]}, entries, crashes=False).problems == {"silent": ("1",)}
    assert evaluate({"/a": ["1"]}, [*entries, Entry("conflict", run=2)], crashes=False).is_good
    assert evaluate({"/a": ["1"]}, [Entry("gap", "/a", run=2), *entries], crashes=False).is_good
    assert not evaluate({"/a": ["1"]}, [Entry("gap", "/b", run=2), *entries], crashes=False).is_good


def test_where_each_event_is_to_be_written_once_no_process_may_write_it_again() -> None:
    entries = [Entry("event", "/a", "1", 1), Entry("conflict", run=2), Entry("event", "/a", "1", 2)]
    assert evaluate({"/a": ["1"]}, entries, exactly_once=True).problems == {"repeated": ("1",)}
    twice = [Entry("gap", "/a", run=1), *[Entry("event", "/a", "1", 1)] * 2]
    assert evaluate({"/a": ["1"]}, twice).is_good
    assert evaluate({"/a": ["1"]}, twice, exactly_once=True).problems == {"repeated": ("1",)}
