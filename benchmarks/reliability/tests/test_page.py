"""The tables: what a cell says, and which part of the page is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.reliability.cell import Cell, Outcome
from benchmarks.reliability.exchanges import Place
from benchmarks.reliability.faults import FAULTS
from benchmarks.reliability.page import MARKS, legend, line, sections, write_part
from benchmarks.reliability.subjects import PYBAYEUX

if TYPE_CHECKING:
    from pathlib import Path

SUBJECT = PYBAYEUX[0]


def cell(fault: int = 0, place: Place = Place.CONNECT) -> Cell:
    return Cell(SUBJECT, SUBJECT.targets[0], FAULTS[fault], place)


def test_a_cell_says_what_happened() -> None:
    assert line(Outcome(cell(), 0.44)) == "0.4 s"
    assert line(Outcome(cell(), 3.0, lost=1, twice=2, disordered=3, told=4)) == (
        "3.0 s, 1 lost, 2 twice, 3 out of order, 4 reported"
    )
    assert line(Outcome(cell())) == "**no**"
    assert line(Outcome(cell(), error="denied")) == "error"
    assert line(Outcome(cell(), skipped="it needs root")) == "skipped: it needs root"


def test_a_table_has_faults_places_totals_and_errors() -> None:
    outcomes = [
        Outcome(cell(), 0.2, lost=2),
        Outcome(cell(place=Place.PUBLISH), 1.4, twice=1),
        Outcome(cell(1), error="no `way`\n in"),
        Outcome(cell(2), skipped="it needs root"),
    ]
    text = sections(outcomes)
    title = f"pybayeux {SUBJECT.version()} on CometD, long-polling"
    assert f"| {title} | 3 | 2 | 1 | 0.8 s | 1.4 s | 1 | 2 | 1 |" in text
    assert "| refuse | - | 0.2 s, 2 lost | - | 1.4 s, 1 twice |" in text
    assert "- reset before the reply at connect: `no 'way' in`" in text


def test_each_fault_has_a_line_of_its_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert all(f"| {fault.name} | {fault.text} |" in legend() for fault in FAULTS)


def test_each_part_of_the_page_is_written_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Head\n\n{MARKS[0]}old\n{MARKS[1]}old too\n")
    write_part(page, 0, "ours\n")
    write_part(page, 1, "peers\n")
    assert page.read_text() == f"# Head\n\n{MARKS[0]}\nours\n\n{MARKS[1]}\npeers\n"
