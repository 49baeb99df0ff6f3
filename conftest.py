"""Loads the fixtures of the real servers for the tests of every package."""

from __future__ import annotations

__all__ = ("pytest_plugins",)

pytest_plugins = ["tests.servers.fixtures"]
