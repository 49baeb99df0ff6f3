from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import JsonFormatter


def _line(message: str, *args: object, formatter: JsonFormatter | None = None, **settings: Any) -> Any:
    record = logging.getLogger("shop").makeRecord("shop", logging.WARNING, __file__, 1, message, args, None)
    vars(record).update({"created": 1_795_968_000.1234} | settings)
    text = (formatter or JsonFormatter()).format(record)
    assert len(text.splitlines()) == 1
    return json.loads(text)


def test_a_record_is_an_object() -> None:
    line = _line("took %d s", 3)
    assert line == {
        "time": "2026-11-29T16:00:00.123+00:00",
        "level": "warning",
        "logger": "shop",
        "message": "took 3 s",
    }
    assert list(line) == ["time", "level", "logger", "message"]


def test_what_is_given_as_extra_is_a_member() -> None:
    line = _line("x", order=7, paid=None, when=ValueError("late"), time="not this one", level="nor this")
    assert (line["order"], line["paid"], line["when"]) == (7, None, "ValueError('late')")
    assert (line["time"][:4], line["level"]) == ("2026", "warning")


def test_an_error_has_its_traceback() -> None:
    try:
        raise ValueError("password=h1dden9")
    except ValueError:
        error = _line("failed", exc_info=sys.exc_info())["error"]
    assert (error["type"], error["message"]) == ("ValueError", "password=***")
    assert error["traceback"].startswith("Traceback (most recent call last):\n")
    assert "h1dden9" not in error["traceback"]


def test_secrets_are_removed_everywhere() -> None:
    assert "h1dden9" not in str(_line("token=h1dden9", note="Authorization: Bearer h1dden9", other=["secret=h1dden9"]))
    own = JsonFormatter(lambda text: text.replace("rose", "***"))
    assert _line("a rose", flower="rose", formatter=own)["message"] == "a ***"


@pytest.mark.parametrize("text", ["two\nlines", "\x1b[2J", "\u2028", "\udcff", "ü"])
def test_nothing_in_a_text_breaks_the_line_or_the_terminal(text: str) -> None:
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": "%s", "args": (text,)})
    line = JsonFormatter().format(record)
    assert line.isprintable()
    assert json.loads(line)["message"] in (text, "\\udcff")


@in_virtual_time
async def test_what_a_client_reports_has_the_class_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer()
    server.refuse_next("/meta/handshake", "403::quota")
    with caplog.at_level(logging.INFO, "pybayeux"):
        async with make_client(server):
            pass
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [line["error_type"] for line in lines if "quota" in line["message"]] == ["HandshakeError"]
