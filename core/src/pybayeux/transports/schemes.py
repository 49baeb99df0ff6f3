"""One server, two schemes: the address of a WebSocket as HTTP's, and the other way round (RFC 6455, section 3)."""

from __future__ import annotations

from typing import Final

__all__ = ("as_http", "as_websocket")

_HTTP: Final = {"ws": "http", "wss": "https"}
_WEBSOCKET: Final = {"http": "ws", "https": "wss"}


def as_http(url: str) -> str:
    """The address with HTTP's scheme; one of something else stays as it is."""
    return _with_scheme(url, _HTTP)


def as_websocket(url: str) -> str:
    """The address with a WebSocket's scheme; one of something else stays as it is."""
    return _with_scheme(url, _WEBSOCKET)


def _with_scheme(url: str, schemes: dict[str, str]) -> str:
    scheme, separator, rest = url.partition("://")
    return f"{schemes.get(scheme.lower(), scheme)}{separator}{rest}"
