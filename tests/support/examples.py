"""How property tests choose their examples: the same in each run, so that a failure is due to the change it comes with.

A pytest plugin, loaded by the root conftest before anything is collected. ``PYBAYEUX_EXPLORE=1`` has each run look at
examples of its own, to find what nobody has thought of; what fails then becomes an `@example`.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

__all__ = ()

settings.register_profile("the same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("explore" if os.environ.get("PYBAYEUX_EXPLORE") else "the same")
