"""The reports of the listener to its parent process, one line of JSON at a time."""

from __future__ import annotations

import msgspec

__all__ = ("Status",)


class Status(msgspec.Struct, omit_defaults=True):
    """One thing that happened to the client."""

    state: str | None = None
    """The new state of its connection."""
    failure: str | None = None
    """A failure that it recovers from."""
