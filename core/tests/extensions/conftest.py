"""The fixtures of the framework's tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.extensions.packages import Packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on what the environment says of extensions."""
    for name in ("PYBAYEUX_STRICT", "PYBAYEUX_DISABLE_EXTENSIONS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """What is installed, which is what the test installs and nothing else."""
    made = Packages(tmp_path)
    made.hide_others(monkeypatch)
    yield made
    made.remove()
