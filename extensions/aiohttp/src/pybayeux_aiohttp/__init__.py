"""Long-polling over aiohttp for pybayeux, for speed."""

from .extension import Aiohttp as Aiohttp

__all__ = ("Aiohttp",)
