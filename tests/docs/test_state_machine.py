"""The page of the session and the session's own table say the same."""

from __future__ import annotations

from pybayeux.session.transitions import TRANSITIONS, SessionEvent
from pybayeux.state import ConnectionState
from tests.docs.state_machine import FILE, drawing, edges, page


def test_the_page_of_the_session_is_made_from_its_table() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert page(text) == text, "python -m tests.docs.state_machine writes it anew"


def test_the_drawing_has_each_move_and_no_other() -> None:
    running = [state for state in ConnectionState if SessionEvent.SESSION_LOST in TRANSITIONS[state]]
    drawn = {
        (state, event, ConnectionState(target))
        for source, target, events in edges()
        for state in (running if source == "running" else [ConnectionState(source)])
        for event in events
    }
    moves = {
        (state, event, new) for state, row in TRANSITIONS.items() for event, new in row.items() if new is not state
    }
    assert drawn == moves


def test_each_state_is_in_the_drawing() -> None:
    assert all(state.value in drawing() for state in ConnectionState)
