"""The fixtures of the command line's tests: an environment that says nothing, and packages of the test's own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from core.tests.extensions.packages import Packages
from tests.support.surroundings import unconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def plain_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable and no file of the machine says anything about extensions."""
    unconfigured(tmp_path, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(autouse=True)
def levels_of_loggers() -> Iterator[None]:
    """What a command tells is its own business: the next test is told as it was before."""
    loggers = [logging.getLogger(name) for name in ("pybayeux", "pybayeux.trace")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """What is installed, which is what the test installs and nothing else."""
    made = Packages(tmp_path)
    made.hide_others(monkeypatch)
    yield made
    made.remove()
