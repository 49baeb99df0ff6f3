"""The environment of a program without any configuration."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

__all__ = ("unconfigured",)


def unconfigured(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in this folder, in an environment that says nothing about extensions."""
    for name in [name for name in os.environ if name.startswith("PYBAYEUX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(folder)
