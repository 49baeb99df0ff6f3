"""The fixtures of the diagnosis' tests: an environment that says nothing, and packages of the test's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.tests.diagnosis.stand_in import StandIn
from core.tests.extensions.packages import Packages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    """What is installed, which is what the test installs and nothing else."""
    for name in ("PYBAYEUX_STRICT", "PYBAYEUX_DISABLE_EXTENSIONS", "PYBAYEUX_TRACE"):
        monkeypatch.delenv(name, raising=False)
    made = Packages(tmp_path)
    made.hide_others(monkeypatch)
    yield made
    made.remove()


@pytest.fixture
def server() -> StandIn:
    """A good server."""
    return StandIn()
