"""The pytest plugin: fixtures for tests of extensions.

It is imported at the start of every pytest run, so the fixtures import what they return at their first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .harness import Harness
    from .recorder import HookRecorder

__all__ = ("bayeux_contract", "bayeux_harness", "bayeux_recorder")


@pytest.fixture
def bayeux_harness() -> type[Harness]:
    """The class of the harness, a client with one extension: ``async with bayeux_harness(MyExtension) as harness``."""
    from .harness import Harness

    return Harness


@pytest.fixture
def bayeux_contract() -> Callable[..., None]:
    """The check of the contract: ``bayeux_contract(MyExtension, {"key": "secret"})``."""
    from .contract import check_contract

    return check_contract


@pytest.fixture
def bayeux_recorder() -> HookRecorder:
    """An extension that records every call of every hook."""
    from .recorder import HookRecorder

    return HookRecorder()
