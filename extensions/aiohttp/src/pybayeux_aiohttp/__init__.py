"""Long-polling over aiohttp and WebSocket over picows for pybayeux, for speed."""

from .extension import Aiohttp as Aiohttp

__all__ = ("Aiohttp",)
