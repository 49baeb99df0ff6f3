"""The drivers: they make inputs, and call a target with each until one fails or the time is over.

Atheris is guided by coverage, of which it measures what is imported after it. Where it is not installed, Hypothesis
changes the kept inputs at random.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import click

from tests.fuzz.corpus import folder_of, inputs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ("has_atheris", "run_atheris", "run_hypothesis")

_LONGEST_INPUT: Final = 4096
_SLOWEST: Final = 20
"""Seconds after which an input counts as one that hangs."""


def has_atheris() -> bool:
    """Whether Atheris is installed."""
    return find_spec("atheris") is not None


def run_atheris(name: str, seconds: int, keep: Path | None) -> None:
    """Fuzz a target, guided by coverage; ends the process, with exit code 77 if an input fails.

    Args:
        name: The target.
        seconds: How long.
        keep: Where inputs with new coverage are kept; by default nowhere, so that the kept corpus stays small.
    """
    atheris: Any = import_module("atheris")  # it has no types, and may not be there
    with atheris.instrument_imports(include=["pybayeux", *_extensions()]):
        from tests.fuzz.targets import TARGETS
    found = str(keep or tempfile.mkdtemp(prefix="pybayeux-fuzz-"))
    os.makedirs(found, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={_LONGEST_INPUT}", f"-timeout={_SLOWEST}"]
    arguments = [*limits, "-print_final_stats=1", f"-artifact_prefix={found}/", found, str(folder_of(name))]
    click.echo(f"Inputs with new coverage, and one that fails, go to {found}")
    atheris.Setup([sys.argv[0], *arguments], TARGETS[name])
    atheris.Fuzz()


def _extensions() -> list[str]:
    return [f"pybayeux_{name}" for name in ("ack", "auth", "binary", "replay", "timestamp", "timesync")]


def run_hypothesis(name: str, seconds: float, target: Callable[[bytes], None]) -> int:
    """Fuzz a target with the kept inputs, changed at random; returns how many inputs were tried.

    Args:
        name: The target.
        seconds: How long.
        target: The function.
    """
    from hypothesis import HealthCheck, given, settings

    from tests.fuzz.strategies import changed

    tried, end = 0, time.monotonic() + seconds

    @settings(max_examples=200, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(changed(list(inputs_of(name).values())))
    def attempt(data: bytes) -> None:
        nonlocal tried
        tried += 1
        if time.monotonic() < end:
            target(data)

    while time.monotonic() < end:
        attempt()
    return tried
