"""The HTTP client of a login that was given none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

__all__ = ("TIMEOUT", "new_http")

TIMEOUT: Final = 30.0
"""Seconds."""
_LOOPBACK: Final = ("all://localhost", "all://127.0.0.1", "all://[::1]")


def new_http() -> httpx.AsyncClient:
    """Return a client with the proxies and certificates of the environment.

    As with the transports of a Bayeux client, a server on this machine is reached directly, whatever the environment
    says.
    """
    import httpx  # slow to import, and not needed to show a help text

    return httpx.AsyncClient(timeout=TIMEOUT, mounts=dict.fromkeys(_LOOPBACK))
