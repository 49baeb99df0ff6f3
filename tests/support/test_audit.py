"""A known vulnerability fails the audit; a database that cannot be asked does not, and the output says so."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.support.audit import audit

KNOWN: dict[str, Any] = {"name": "left", "version": "1.0", "vulns": []}
BAD: dict[str, Any] = {"name": "right", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1", "3.0"]}]}
UNFIXED: dict[str, Any] = {"name": "up", "version": "3.0", "vulns": [{"id": "GHSA-2", "fix_versions": []}]}
UNKNOWN = {"name": "private", "skip_reason": "Dependency not found on PyPI and could not be audited: private (1)"}
OURS = {"name": "pybayeux", "skip_reason": "distribution marked as editable"}


def _runs(stdout: str, stderr: str = "", code: int = 0) -> Any:
    return lambda command, **_: subprocess.CompletedProcess(command, code, stdout, stderr)


def _report(*dependencies: dict[str, Any]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_known_vulnerabilities_are_listed_with_what_mends_them() -> None:
    found = audit(_runs(_report(KNOWN, BAD, UNFIXED, OURS), code=1))
    assert str(found).splitlines() == [
        "right 2.0: PYSEC-1, fixed in 2.1, 3.0",
        "up 3.0: GHSA-2, fixed in no version yet",
        "3 packages audited, 2 known vulnerabilities.",
    ]


def test_packages_that_the_database_does_not_know_are_named() -> None:
    found = audit(_runs(_report(KNOWN, UNKNOWN)))
    assert found.vulnerabilities == []
    assert "NOT AUDITED: 1 packages that the advisory database did not know: private" in str(found)


@pytest.mark.parametrize("output", ["", "no JSON", "[]", "null", '{"dependencies": [{"name": "x"}]}'])
def test_a_database_that_cannot_be_asked_is_no_vulnerability(output: str) -> None:
    found = audit(_runs(output, "ConnectionError: no route\n", 1))
    assert found.vulnerabilities == []
    assert "NOT AUDITED: the advisory database could not be asked: ConnectionError: no route" in str(found)


def test_a_program_that_is_not_there_is_no_vulnerability() -> None:
    def run(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError("uv: not found")

    assert "NOT AUDITED: the advisory database could not be asked: uv: not found" in str(audit(run))
