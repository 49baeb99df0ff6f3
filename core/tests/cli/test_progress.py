from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

from pybayeux.cli.progress import clear_progress, show_progress
from pybayeux.cli.stderr_log import log_to_stderr

if TYPE_CHECKING:
    import pytest


def _is_terminal(monkeypatch: pytest.MonkeyPatch, yes: bool) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: yes)


def test_a_terminal_shows_one_line_that_is_written_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _is_terminal(monkeypatch, True)
    show_progress("10 published")
    show_progress("20 published")
    clear_progress()
    clear_progress()
    assert capsys.readouterr().err == "\r\x1b[K10 published\r\x1b[K20 published\r\x1b[K"


def test_a_log_line_takes_its_place(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _is_terminal(monkeypatch, True)
    with log_to_stderr(str):
        show_progress("trying websocket")
        logging.getLogger("pybayeux.cli").warning("something is odd")
    assert capsys.readouterr().err.startswith("\r\x1b[Ktrying websocket\r\x1b[K")
    clear_progress()
    assert capsys.readouterr().err == "", "it is gone already"


def test_elsewhere_it_shows_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _is_terminal(monkeypatch, False)
    show_progress("10 published")
    clear_progress()
    assert capsys.readouterr().err == ""
