"""The names of the transports that the protocol knows (Bayeux 1.0, section 6)."""

from __future__ import annotations

from enum import StrEnum

__all__ = ("ConnectionType",)


class ConnectionType(StrEnum):
    """Names of transports; a name that is not here serves as well, if something registers it."""

    LONG_POLLING = "long-polling"
    CALLBACK_POLLING = "callback-polling"
    IFRAME = "iframe"
    WEBSOCKET = "websocket"
