"""Runs the command: ``uv run python -m tests.soak.longrun``."""

from __future__ import annotations

from tests.soak.longrun.command import longrun

__all__ = ()

if __name__ == "__main__":
    longrun(prog_name="python -m tests.soak.longrun")
