"""Long-polling and WebSocket over aiohttp for pybayeux, for speed."""

from .extension import Aiohttp as Aiohttp

__all__ = ("Aiohttp",)
