"""The scan can fail: a test that shows a planted secret in any way does, and one that shows none does not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]

TESTS: Final = """
import logging, sys
import click, pytest
from click.testing import CliRunner
from pybayeux import AsyncClient, BayeuxError

SECRET = "s3cr3t-v4lu3"

@pytest.fixture
def shows_at_the_end():
    yield
    print(SECRET)

def test_standard_output(): print(SECRET)
def test_standard_error(): print(SECRET, file=sys.stderr)
def test_log(): logging.getLogger("pybayeux.x").warning("the token %s", SECRET)
def test_traceback_in_the_log():
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("pybayeux_x").exception("failed")
def test_command(): CliRunner().invoke(click.Command("x", callback=lambda: click.echo(SECRET)))
def test_reported_error():
    client = AsyncClient("http://host/cometd", discover=False)
    client._connection.reporter.report(BayeuxError(SECRET))
def test_session_id(): print("00D5e000001AbCdEAK!AQEAQxyz0123456789.abcdefg")
def test_end(shows_at_the_end): pass
def test_nothing():
    print("the token is ***, a s3 bucket, secrets")
    logging.getLogger("httpx").warning(SECRET)
    assert SECRET
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The outcome of each of these tests, in a run of their own."""
    path = tmp_path_factory.mktemp("scan") / "test_shown.py"
    path.write_text(TESTS)
    options = ["-p", "tests.support.secret_scan", "-p", "no:cacheprovider", "--noconftest", "-c", "/dev/null", "-rA"]
    command = [sys.executable, "-m", "pytest", *options, str(path)]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    found: dict[str, str] = {}
    for outcome, name in re.findall(r"^(PASSED|FAILED|ERROR) \S*::(\w+)", output, re.MULTILINE):
        found[name] = outcome if found.get(name, "PASSED") == "PASSED" else found[name]
    return found


@pytest.mark.parametrize(
    "name",
    ["standard_output", "standard_error", "log", "traceback_in_the_log", "command", "reported_error", "session_id"],
)
def test_what_is_shown_fails_the_test(name: str, outcomes: dict[str, str]) -> None:
    assert outcomes[f"test_{name}"] == "FAILED"


def test_what_is_shown_at_the_end_of_a_test_is_an_error(outcomes: dict[str, str]) -> None:
    assert outcomes["test_end"] in ("ERROR", "FAILED")


def test_what_is_not_shown_passes(outcomes: dict[str, str]) -> None:
    assert outcomes["test_nothing"] == "PASSED"
