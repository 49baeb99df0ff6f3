"""A child of the tests speaks in lines, is told off in time, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.process import Child, ChildError

ROOT = Path(__file__).parents[2]
ECHO = "import sys; print('READY', flush=True)\nfor line in sys.stdin: print(line.strip().upper(), flush=True)"


def _python(code: str) -> Child:
    return Child([sys.executable, "-c", code])


def test_child_speaks_in_lines() -> None:
    child = _python(ECHO)
    assert child.read_line(10) == "READY"
    child.write_line("grüße")
    assert child.read_line(10) == "GRÜSSE"
    child.stop()


def test_silent_child_is_an_error_after_its_time() -> None:
    child = _python(ECHO)
    child.read_line(10)
    with pytest.raises(ChildError, match=r"said nothing for 0\.01 s"):
        child.read_line(0.01)
    child.stop()


def test_child_that_fails_shows_its_complaints() -> None:
    child = _python("raise SystemExit('no such option')")
    with pytest.raises(ChildError, match=r"(?s)ended with status 1.*no such option"):
        child.read_line(10)


def test_child_that_will_not_end_is_killed() -> None:
    child = _python("import time\nprint('READY', flush=True)\ntime.sleep(600)")
    child.read_line(10)
    child.stop(timeout=0.01)
    with pytest.raises(ChildError, match="ended with status -9"):
        child.read_line(0)


def test_stopping_twice_is_no_error() -> None:
    child = _python(ECHO)
    child.stop()
    child.stop()
    child.kill()


def test_child_has_no_proxy_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://nowhere.invalid")
    child = _python("import os; print(os.environ.get('HTTP_PROXY'))")
    assert child.read_line(10) == "None"
    child.stop()


CHILD = "import sys; lifeline = open(sys.argv[1], 'w'); print('READY', flush=True); sys.stdin.read()"
PARENT = f"""
import os, sys
from tests.servers.process import Child
Child([sys.executable, "-c", {CHILD!r}, sys.argv[1]]).read_line(10)
os.kill(os.getpid(), 9)
"""


def test_child_ends_with_its_killed_parent(tmp_path: Path) -> None:
    lifeline = tmp_path / "lifeline"
    os.mkfifo(lifeline)
    with subprocess.Popen([sys.executable, "-c", PARENT, str(lifeline)], cwd=ROOT) as parent:
        # Opens when the child has opened its end, and ends when the child is no more.
        assert lifeline.read_text() == ""
    assert parent.returncode == -9
