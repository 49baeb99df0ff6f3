"""The settings of a consumer: the org, the credentials, the channels, and the paths of its files."""

from __future__ import annotations

import msgspec

__all__ = ("Settings",)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one process.

    Attributes:
        url: The URL of the org.
        client_id: The consumer key of the connected app.
        client_secret: The consumer secret, for the client credentials flow.
        username: The username, for clients that have the password flow only.
        password: The password with the security token appended.
        channels: The channels to subscribe to.
        since: Where to begin without a stored position: ``earliest`` or ``latest``.
        journal: The path of the journal.
        store: The path of the position store.
        run: The number of the process, counted from one.
        scale: How many times faster than in a real org time passes.
        exactly_once: Whether to write each event in the transaction that stores its position.
        retention: How long the org keeps events, in seconds; None if that is not known.
        version: The API version.
        clock_ahead: Seconds by which the clock of the consumer's machine is ahead of the org's.
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
    exactly_once: bool = False
    retention: float | None = None
    version: str = "67.0"
    clock_ahead: float = 0.0
