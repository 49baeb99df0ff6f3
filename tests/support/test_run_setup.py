"""Directories are tested in parallel, files in one process; programs that fetch something have the real authorities."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.run_setup import real_authorities, workers_for


@pytest.mark.parametrize(
    ("arguments", "cores", "workers"),
    [
        (["core/tests", "tests"], 2, 4),
        (["core/tests"], 1, 3),
        (["tests/test_a.py", "tests"], 4, 6),
        (["tests/test_a.py"], 4, 0),
        (["tests/test_a.py::test_b[tests]", "tests/test_c.py"], 4, 0),
    ],
)
def test_files_need_no_workers(arguments: list[str], cores: int, workers: int) -> None:
    assert workers_for(arguments, cores) == workers


def test_one_authority_is_trusted() -> None:
    content = Path(os.environ["SSL_CERT_FILE"]).read_text(encoding="ascii")
    assert content.count("BEGIN CERTIFICATE") == 1


@pytest.mark.parametrize(("before", "expected"), [("/etc/real.pem", {"SSL_CERT_FILE": "/etc/real.pem"}), ("", {})])
def test_the_real_authorities_are_remembered(
    before: str, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TESTS_SSL_CERT_FILE", before)
    assert real_authorities() == expected


def test_bytecode_is_kept_in_one_folder() -> None:
    assert not sys.dont_write_bytecode
    assert sys.pycache_prefix == os.environ["PYTHONPYCACHEPREFIX"]
