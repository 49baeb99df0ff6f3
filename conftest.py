"""Loads what the tests of every package share: the set-up of a run, and the fixtures of the real servers."""

from __future__ import annotations

__all__ = ("pytest_plugins",)

pytest_plugins = [
    "tests.support.run_setup",
    "tests.support.examples",
    "tests.support.secret_scan",
    "tests.servers.fixtures",
]
