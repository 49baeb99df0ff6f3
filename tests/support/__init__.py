"""What tests of the whole client share: their loop, what a client tells, and a server that misbehaves on demand."""

from __future__ import annotations

__all__ = ()
