"""What a consumer is told: where the org is, how to log in, what to subscribe to, and where to write."""

from __future__ import annotations

import msgspec

__all__ = ("Settings",)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process.

    Attributes:
        url: The org.
        client_id: Of the connected app; so are the following.
        client_secret: For the client credentials flow.
        username: For the flow with a password, which some clients know alone; so are the following.
        password: With the security token behind it.
        channels: What to subscribe to.
        since: Where to begin without a position: ``earliest`` or ``latest``.
        journal: The path of the journal.
        store: The path of the positions.
        run: Which process it is, counted from one.
        scale: How many times faster than in a real org time passes.
        version: The API version.
    """

    url: str
    client_id: str
    client_secret: str
    username: str
    password: str
    channels: tuple[str, ...]
    since: str
    journal: str
    store: str
    run: int
    scale: float
    version: str = "67.0"
