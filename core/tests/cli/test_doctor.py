from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux.cli.doctor_text import print_report
from pybayeux.diagnosis.report import Report, TransportReport

if TYPE_CHECKING:
    from click.testing import Result

    from core.tests.extensions.packages import Packages

URL = "http://me:hunter2hunter2@host/cometd?key=1"


@pytest.fixture(autouse=True)
def server(packages: Packages) -> None:
    """A good server in the same process, which an installed extension brings."""
    packages.add("stand-in", {"stand-in": "core.tests.diagnosis.stand_in:StandIn"})


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def _report(*arguments: str) -> dict[str, Any]:
    report = json.loads(_run("--json", *arguments).stdout)
    assert isinstance(report, dict)
    return report


def test_nothing_wrong_is_0() -> None:
    result = _run(URL)
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[0] == "Server     http://host/cometd"
    assert "Nothing is wrong." in lines
    assert any("long-polling" in line and "works  handshake" in line and "5 connects: min" in line for line in lines)
    assert "ms of processor time, linger up to" in " ".join(lines)
    assert any("callback-polling" in line and "the server does not offer it" in line for line in lines)


@pytest.mark.parametrize(
    ("offered", "line"),
    [(False, "long-polling -      the server does not offer it"), (True, "long-polling fails  /meta/handshake: no")],
)
def test_a_refused_transport_has_failed_where_the_server_offers_it(
    offered: bool, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = TransportReport("long-polling", offered, works=False, failed_at="/meta/handshake", error="no")
    print_report(Report(URL, transports=[refused]))
    assert line.split() in [shown.split() for shown in capsys.readouterr().out.splitlines()]


def test_something_wrong_is_1(packages: Packages) -> None:
    packages.add("broken", {"broken": "broken_module"}, broken_module="import [red]\x1b")
    result = _run(URL)
    assert result.exit_code == 1
    assert "Wrong\n  extension 'broken' is broken:" in result.stdout
    assert "-p no:broken" in result.stdout
    assert "\x1b" not in result.stdout
    assert _run(URL, "-p", "no:broken").exit_code == 0


@pytest.mark.parametrize(
    "arguments", [("nowhere",), (URL, "--transport", "pigeon"), (URL, "-x", "nothing.size=1"), (URL, "--timeout", "-1")]
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    assert _run(*arguments).exit_code == 2


def test_the_report_is_one_object() -> None:
    report = _report(URL, "--transport", "long-polling")
    assert list(report) == [
        "url",
        "answers",
        "status",
        "server",
        "is_bayeux",
        "version",
        "offered",
        "transports",
        "advice",
        "announced",
        "extensions",
        "clock",
        "cookies",
        "problems",
        "notes",
    ]
    assert [each["name"] for each in report["transports"]] == ["long-polling"]


def test_the_file_counts_and_a_wrong_one_is_wrong_usage(packages: Packages) -> None:
    packages.signature()
    Path("pybayeux.toml").write_text('[signature]\nkey = "hunter3hunter3"\n')
    [signature] = [each for each in _report(URL)["extensions"] if each["name"] == "signature"]
    assert signature["state"] == "active"
    Path("pybayeux.toml").write_text("[signature")
    assert _run(URL).exit_code == 2


def test_no_text_contains_a_secret(packages: Packages) -> None:
    packages.add(
        "leaking",
        {"leaking": "leaking_module:Leaking"},
        leaking_module="""
            class Leaking:
                def __init__(self, token: str) -> None:
                    self.token = token

                @hookimpl
                def outgoing(self, message):
                    message.get_ext(create=True)["token"] = self.token

                @hookimpl
                def incoming(self, message):
                    raise ValueError("it is " + self.token)
        """,
    )
    result = _run(URL, "-x", "leaking.token=hunter4hunter4", "--trace", "-v")
    assert result.exit_code == 1
    assert "it is ***" in result.stdout
    assert "ext.token absent -> ***" in result.stderr
    assert "hunter" not in result.output


def test_trace_logs_hooks(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "@hookimpl\ndef outgoing(message):\n    message.get_ext(create=True)['n'] = 7"
    packages.add("tracer", {"tracer": "tracer_module"}, tracer_module=source)
    assert "tracer outgoing" not in _run(URL).stderr
    asked = _run(URL, "--trace", "-q")
    assert "tracer outgoing /meta/handshake: " in asked.stderr
    assert "µs, ext.n absent -> 7" in asked.stderr
    assert "command-line" not in asked.stderr
    monkeypatch.setenv("PYBAYEUX_TRACE", "1")
    assert asked.stderr.count("tracer outgoing /") == _run(URL).stderr.count("tracer outgoing /")
    totals = [line.partition("in all: ")[2] for line in asked.stderr.splitlines() if "in all: " in line]
    expected = f"tracer outgoing: {asked.stderr.count('tracer outgoing /')} calls, "
    assert any(line.startswith(expected) for line in totals), totals
    assert not any(line.startswith("command-line") for line in totals)
    monkeypatch.delenv("PYBAYEUX_TRACE")
    assert "tracer outgoing" not in _run(URL).stderr, "one run asks for itself alone"
    assert logging.getLogger("pybayeux.trace").level == logging.NOTSET
