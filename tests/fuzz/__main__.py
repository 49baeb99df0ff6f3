"""Runs the command: ``uv run --with atheris python -m tests.fuzz TARGET``."""

from __future__ import annotations

from tests.fuzz.command import fuzz

__all__ = ()

if __name__ == "__main__":
    fuzz(prog_name="python -m tests.fuzz")
