"""Has the core's test site open its WebSockets with picows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.tests.transports.websocket_site import Site
from pybayeux_aiohttp.dialler import Dialler

if TYPE_CHECKING:
    import pytest

__all__ = ("use_picows",)


def use_picows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every site of a test do so."""
    monkeypatch.setattr(Site, "dialler", lambda context: Dialler(context, lambda reason: None))
