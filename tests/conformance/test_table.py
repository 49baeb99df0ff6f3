from __future__ import annotations

import subprocess
import sys

from tests.conformance.behaviours import BEHAVIOURS, DIFFERENT
from tests.conformance.table import FILE

_CHECK = """
import sys
from tests.conformance.table import places, table
found = places()
print("\\n".join(sorted(found)))
sys.stderr.write(table(found))
"""


def test_every_behaviour_has_a_test_and_the_page_says_so() -> None:
    # In a process of its own: the collection of a run under way is not to be disturbed.
    ended = subprocess.run([sys.executable, "-c", _CHECK], capture_output=True, text=True, check=True)
    shown = ended.stdout.split()
    assert [name for name in BEHAVIOURS if name not in shown] == []
    assert [name for name in shown if name not in BEHAVIOURS] == []
    assert FILE.read_text(encoding="utf-8") == ended.stderr, "python -m tests.conformance.table writes it anew"


def test_what_is_decided_differently_is_among_them() -> None:
    assert DIFFERENT.keys() <= BEHAVIOURS.keys()
