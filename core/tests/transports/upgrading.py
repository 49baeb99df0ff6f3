"""An upgrade, and how it ends."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import pytest

from core.tests.transports.websocket_site import Peer, Site, message, reply
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.datastructures import Headers
    from websockets.http11 import Response


async def upgraded(site: Site) -> Headers:
    """The headers of an upgrade that was granted."""
    await site.opened()
    return site.upgrades[-1].headers


async def refused(site: Site) -> TransportError:
    """The failure of an upgrade."""
    with pytest.raises(TransportError) as caught:
        await site.transport.exchange([message("1")])
    assert caught.value.unsent
    return caught.value


def answering(status: int, body: str = "", **headers: str) -> Callable[[ServerConnection], Response]:
    """A server that answers every upgrade so."""

    def respond(connection: ServerConnection) -> Response:
        response = connection.respond(HTTPStatus(status), body)
        for name, value in headers.items():
            response.headers[name.replace("_", "-")] = value
        return response

    return respond


async def answer(peer: Peer) -> None:
    """Answer the one request."""
    await peer.say(reply("1"))
