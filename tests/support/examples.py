"""How property tests choose their examples: the same in each run, so that a failure is due to the change it comes with.

A pytest plugin, loaded by the root conftest before anything is collected. ``PYBAYEUX_EXPLORE=1`` has each run look at
examples of its own, to find what nobody has thought of; what fails then becomes an `@example`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ()

settings.register_profile(
    "unhurried",
    derandomize=not os.environ.get("PYBAYEUX_EXPLORE"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")
