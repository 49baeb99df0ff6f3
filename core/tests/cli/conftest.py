"""Fixtures of the command line's tests: an empty environment, and packages that a test installs."""

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
    """Hide the variables and files of the machine that configure extensions."""
    unconfigured(tmp_path, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(autouse=True)
def levels_of_loggers() -> Iterator[None]:
    """Restore the loggers' levels after a test that changed the verbosity."""
    loggers = [logging.getLogger(name) for name in ("pybayeux", "pybayeux.trace")]
    levels = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """The installed packages: only those that the test installs."""
    made = Packages(tmp_path)
    made.hide_others(monkeypatch)
    yield made
    made.remove()
