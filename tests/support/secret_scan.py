"""The scan for planted secrets: a test fails if one of them is shown anywhere while it runs.

A pytest plugin, loaded by the root conftest. A test's token, password or key is written so that nothing else looks like
it, such as ``s3cr3t-v4lu3``, see `PLANTED`. Scanned is what a user would see: standard output and error, the output of
commands, log records of this project, and the errors that clients report. Values that tests compare are not.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
from click.testing import CliRunner

if TYPE_CHECKING:
    from collections.abc import Generator

    from click.testing import Result

__all__ = (
    "PLANTED",
    "note",
    "pytest_configure",
    "pytest_runtest_makereport",
)

PLANTED: Final = re.compile(r"s3cr[3e]t|s3curity|t0k[3e]n|pa55w|00D\w{12,15}![\w.~-]{20,}", re.IGNORECASE)
"""How secrets of tests are written. The last one is a Salesforce session id, as the emulator issues them."""

_SHOWN: Final = 60
_found: Final[list[str]] = []


def note(where: str, text: str) -> None:
    """Scan a text that a user would see.

    Args:
        where: What it is, for the report.
        text: The text.
    """
    for match in PLANTED.finditer(text):
        start = max(0, match.start() - _SHOWN)
        _found.append(f"{where}: …{text[start : match.end() + _SHOWN]}…")


class _Scanner(logging.Handler):
    """Scans the log records of this project; those of the HTTP libraries are their own."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith("pybayeux"):
            note(f"log of {record.name}", self.format(record))


def pytest_configure(config: pytest.Config) -> None:
    """Begins to scan."""
    from pybayeux._client.reporter import Reporter

    logging.getLogger().addHandler(_Scanner())
    invoke, report = CliRunner.invoke, Reporter.report

    def scanned_invoke(self: CliRunner, *args: Any, **kwargs: Any) -> Result:
        result = invoke(self, *args, **kwargs)
        note("output of a command", result.output)
        return result

    def scanned_report(self: Reporter, error: Any, *args: Any, **kwargs: Any) -> Any:
        note("reported error", f"{error} {error!r}")
        return report(self, error, *args, **kwargs)

    CliRunner.invoke = scanned_invoke  # type: ignore[method-assign]
    Reporter.report = scanned_report  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Makes a test fail that has shown a secret."""
    report = yield
    for title, content in report.sections:
        if title.startswith("Captured std") and title.endswith(
            call.when
        ):  # the sections of earlier phases are there too
            note(title, content)
    if _found and report.passed:
        report.outcome = "failed"
        report.longrepr = "a planted secret was shown:\n" + "\n".join(dict.fromkeys(_found))
    _found.clear()
    return report
