from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, cast

import click
import pytest
from click.testing import CliRunner

from pybayeux import AsyncClient, BayeuxError, ConnectionState, Message
from pybayeux.cli import main
from pybayeux.cli.stderr_log import log_to_stderr, set_verbosity
from pybayeux.cli.watcher import Watcher, client_logger
from pybayeux.errors import SessionEndedError, TransportError

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Client:
    url = "http://host/cometd?token=abc"


_CLIENT = cast(AsyncClient, _Client())


@pytest.fixture(autouse=True)
def exit_on_error() -> Iterator[None]:
    """What is logged goes to standard error."""
    with log_to_stderr(lambda text: text.replace("h1dden", "***")):
        yield


def _said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    out, err = capsys.readouterr()
    assert out == ""
    return [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in err.splitlines()]


def _log_one_of_each() -> None:
    logger = logging.getLogger("pybayeux.third.party")
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        logger.log(level, "a %s of level %d", "h1dden", level)


def test_records_are_lines_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    _log_one_of_each()
    assert _said(capsys) == ["a *** of level 20", "warning: a *** of level 30", "error: a *** of level 40"]


@pytest.mark.parametrize(("verbosity", "count"), [("quiet", 1), ("verbose", 4)])
def test_verbosity_changes_what_is_logged(verbosity: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity(verbosity)
    _log_one_of_each()
    assert len(_said(capsys)) == count


def test_other_libraries_are_heard_when_they_warn(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("some.library").warning("careful")
    logging.getLogger("some.library").info("by the way")
    assert _said(capsys) == ["warning: careful"]


def test_a_record_is_one_line_and_its_traceback_for_those_who_want_to_know_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for verbosity in ("quiet", "verbose"):
        set_verbosity(verbosity)
        try:
            raise ValueError("a h1dden reason")
        except ValueError:
            logging.getLogger("pybayeux").exception("two\nlines")
        first, *rest = _said(capsys)
        assert first == "error: two\\nlines"
        assert (rest[-1:] == ["ValueError: a *** reason"]) is (verbosity == "verbose")
        assert bool(rest) is (verbosity == "verbose")


def test_afterwards_logging_is_as_it_was() -> None:
    root, package = logging.getLogger(), logging.getLogger("pybayeux")
    handlers, level = list(root.handlers), package.level
    with log_to_stderr(str):
        set_verbosity("quiet")
        assert len(root.handlers) == len(handlers) + 1
    assert (root.handlers, package.level) == (handlers, level)


def test_important_states_are_logged(capsys: pytest.CaptureFixture[str]) -> None:
    watcher, old = Watcher(), ConnectionState.DISCONNECTED
    for new in ConnectionState:
        watcher.state_changed(old, new, _CLIENT)
        old = new
    assert _said(capsys) == [
        "the session with http://host/cometd was lost, starting a new one",
        "connected to http://host/cometd",
        "lost the connection to http://host/cometd, trying again",
    ]


def test_verbose_logs_everything(capsys: pytest.CaptureFixture[str]) -> None:
    set_verbosity("verbose")
    watcher = Watcher()
    watcher.state_changed(ConnectionState.HANDSHAKEN, ConnectionState.CONNECTING, _CLIENT)
    watcher.outgoing(Message(channel="/meta/connect", client_id="abcdefgh"))
    event = Message(channel="/a", data="private")
    watcher.incoming(event)
    assert _said(capsys) == [
        "handshaken -> connecting",
        "-> Message(channel='/meta/connect')",
        f"<- {event!r}",
    ]


def test_failures_are_logged_once_and_the_last_one_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    watcher = Watcher()
    errors: list[BayeuxError] = [TransportError("HTTP 503"), SessionEndedError("no more")]
    for error in errors:
        client_logger.warning("%s", error)
        watcher.failed(error)
        assert watcher.last_failure is error
    client_logger.info("new handshake")
    assert _said(capsys) == ["warning: HTTP 503", "new handshake"]


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    colours = []

    @click.command
    @click.pass_context
    def look(context: click.Context) -> None:
        colours.append(context.color)

    monkeypatch.setitem(main.commands, "look", look)
    for value in ("1", ""):
        CliRunner().invoke(main, ["look"], env={"NO_COLOR": value})
    assert colours == [False, None]
