"""The drawing and the tables of docs/session.md, made from the session's own table.

``python -m tests.docs.state_machine`` writes them anew, between the markers on the page.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pybayeux.session.transitions import TRANSITIONS, SessionEvent
from pybayeux.state import ConnectionState

if TYPE_CHECKING:
    from enum import StrEnum

__all__ = ("FILE", "drawing", "edges", "page")

FILE: Final = Path(__file__).parents[2] / "docs" / "session.md"

_FROM_EVERYWHERE: Final = (SessionEvent.CLOSE, SessionEvent.ABORT)
"""Events that every running session allows: drawn once, from the box around those states."""
_RUNNING: Final = [state for state in ConnectionState if SessionEvent.SESSION_LOST in TRANSITIONS[state]]


def page(text: str) -> str:
    """The page with its made parts made anew."""
    for name, made in (("drawing", drawing()), ("transitions", _transitions()), ("events", _events())):
        begin, end = f"<!-- {name}: made -->\n", f"<!-- end of {name} -->"
        head, _, rest = text.partition(begin)
        assert end in rest, name
        text = f"{head}{begin}\n{made}\n{end}{rest.partition(end)[2]}"
    return text


def edges() -> list[tuple[str, str, list[SessionEvent]]]:
    """The arrows of the drawing: from, to, and the events that go along; states that stay are not drawn."""
    found: dict[tuple[str, str], list[SessionEvent]] = {}
    for state, row in TRANSITIONS.items():
        for event, following in row.items():
            source = "running" if state in _RUNNING and event in _FROM_EVERYWHERE else state.value
            events = found.setdefault((source, following.value), [])
            if following is not state and event not in events:
                events.append(event)
    return [(source, target, events) for (source, target), events in found.items() if events]


def drawing() -> str:
    """The state machine as a Mermaid diagram."""
    running = {state.value for state in _RUNNING}
    inside: list[str] = []
    outside: list[str] = []
    for source, target, events in edges():
        entry = source not in running and target in running
        line = f"{source} --> {'running' if entry else target}: {', '.join(events)}"
        (inside if source in running else outside).append(line)
        if entry:
            inside.insert(0, f"[*] --> {target}")
    lines = ["stateDiagram-v2", "    [*] --> disconnected", "    state running {"]
    lines += [f"        {line}" for line in inside] + ["    }"] + [f"    {line}" for line in outside]
    return "\n".join(["```mermaid", *lines, "```", ""])


def _transitions() -> str:
    rows = ["| state | what it is | moves by | stays by |", "|---|---|---|---|"]
    meanings = _meanings(ConnectionState)
    for state, row in TRANSITIONS.items():
        following = dict.fromkeys(target for target in row.values() if target is not state)
        leads = [
            f"{', '.join(event for event in row if row[event] is target)} → `{target.value}`" for target in following
        ]
        stays = ", ".join(event for event in row if row[event] is state)
        rows.append(f"| `{state.value}` | {meanings[state.name]} | {'<br>'.join(leads)} | {stays} |")
    return "\n".join([*rows, ""])


def _events() -> str:
    meanings = _meanings(SessionEvent)
    rows = [f"| {event.value} | {meanings[event.name]} |" for event in SessionEvent]
    return "\n".join(["| event | what has happened |", "|---|---|", *rows, ""])


def _meanings(kind: type[StrEnum]) -> dict[str, str]:
    """The text below each member of an enum."""
    (body,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(body, ast.ClassDef)
    found = {}
    for member, text in zip(body.body, body.body[1:], strict=False):
        if isinstance(member, ast.Assign) and isinstance(text, ast.Expr):
            assert isinstance(member.targets[0], ast.Name)
            found[member.targets[0].id] = ast.literal_eval(text.value)
    return found


if __name__ == "__main__":
    FILE.write_text(page(FILE.read_text(encoding="utf-8")), encoding="utf-8")
