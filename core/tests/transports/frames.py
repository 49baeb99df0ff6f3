"""What goes over the socket, and how it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pybayeux.errors import TransportError

if TYPE_CHECKING:
    import asyncio

CONNECT = "/meta/connect"


def event(data: Any, channel: str = "/a", **fields: Any) -> dict[str, Any]:
    """An event as it goes over the wire."""
    return {"channel": channel, "data": data, **fields}


async def fails(sending: asyncio.Task[None]) -> TransportError:
    """The error of an exchange."""
    with pytest.raises(TransportError) as caught:
        await sending
    return caught.value
