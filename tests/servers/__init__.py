"""Real Bayeux servers and clients of others, started by the tests that need them."""

from __future__ import annotations

__all__ = ()
