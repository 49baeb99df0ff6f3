"""Runs the command: ``uv run python -m tests.soak``."""

from __future__ import annotations

from tests.soak.command import soak

__all__ = ()

if __name__ == "__main__":
    soak(prog_name="python -m tests.soak")
