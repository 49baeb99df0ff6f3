"""The targets as fixtures: a test that asks for one of them runs once with each kind of target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from extensions.relay.tests.targets import TestTarget, kafka_target, postgres_target, redis_target, sqlite_target

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("leased_target", "relay_target")


def _target(kind: str, request: pytest.FixtureRequest, folder: Path) -> TestTarget:
    if kind == "sqlite":
        return sqlite_target(folder)
    if kind == "postgresql":
        return postgres_target(request.getfixturevalue("postgres_engine"))
    if kind == "kafka":
        return kafka_target(request.getfixturevalue("kafka_engine"))
    return redis_target(request.getfixturevalue("redis_engine"))


@pytest.fixture(params=["sqlite", "postgresql", "redis", "kafka"])
def relay_target(request: pytest.FixtureRequest, tmp_path: Path) -> TestTarget:
    """Each kind of target."""
    return _target(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def leased_target(request: pytest.FixtureRequest, tmp_path: Path) -> TestTarget:
    """Each kind of target that keeps leases."""
    return _target(request.param, request, tmp_path)
