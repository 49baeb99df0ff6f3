"""The table of behaviours, made from the tests: ``python -m tests.conformance.table`` writes README.md anew."""

from __future__ import annotations

from collections import defaultdict
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Final

import pytest

from tests.conformance.behaviours import BEHAVIOURS, DIFFERENT

__all__ = ("FILE", "places", "table")

_HERE: Final = Path(__file__).parent
FILE: Final = _HERE / "README.md"

_HEAD: Final = """\
# Behaviours

What a Bayeux client has to show, and where this one is seen to show it: on CometD's Java server (`cometd`), on Faye, on
CometD's server for Node (`cometd-node`) and on the development server, each over `long-polling`, `callback-polling` and
`websocket`, or on the parts alone. `python -m tests.conformance.table` writes this page anew, and a test holds it to be
true.

| id | behaviour | proven on | tests |
|---|---|---|---|
"""


class _Collector:
    def __init__(self) -> None:
        self.items: list[pytest.Item] = []

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.items = list(session.items)


def places() -> dict[str, dict[str, set[str]]]:
    """For each behaviour its tests, and for each of them where it runs."""
    collector = _Collector()
    with redirect_stdout(StringIO()):
        pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", str(_HERE)], plugins=[collector])
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in collector.items:
        for mark in item.iter_markers("behaviour"):
            for name in mark.args:
                found[name][f"{item.path.name}::{getattr(item, 'originalname', item.name)}"].add(_place(item, mark))
    return found


def _place(item: pytest.Item, mark: pytest.Mark) -> str:
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "target" in callspec.params:
        server, transport, _ = callspec.params["target"]
        return f"{server} {transport}"
    return str(mark.kwargs.get("where") or "parts alone")


def table(found: dict[str, dict[str, set[str]]]) -> str:
    """The page."""
    rows = []
    for name, text in BEHAVIOURS.items():
        where = sorted({place for each in found[name].values() for place in each})
        tests = "<br>".join(f"`{test}`" for test in sorted(found[name]))
        different = f"<br>*Decided differently: {DIFFERENT[name]}.*" if name in DIFFERENT else ""
        rows.append(f"| {name} | {text}{different} | {_grouped(where)} | {tests} |")
    return _HEAD + "\n".join(rows) + "\n"


def _grouped(where: list[str]) -> str:
    groups: dict[str, list[str]] = defaultdict(list)
    for place in where:
        server, _, transport = place.partition(" ")
        known = transport in ("long-polling", "callback-polling", "websocket")
        groups[server if known else place].append(transport if known else "")
    return "<br>".join(f"{name}: {', '.join(each)}" if any(each) else name for name, each in groups.items())


if __name__ == "__main__":
    FILE.write_text(table(places()), encoding="utf-8")
