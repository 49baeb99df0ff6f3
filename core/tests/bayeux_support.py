"""Low-level clients of a scripted server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybayeux import BayeuxClient

if TYPE_CHECKING:
    from core.tests.fake_server import FakeServer


def make_client(server: FakeServer, *extensions: object, **arguments: Any) -> BayeuxClient:
    """A client of this server, with no extension that happens to be installed."""
    return BayeuxClient("http://user:s3cr3t@fake/cometd", extensions=[server, *extensions], discover=False, **arguments)


async def connected(server: FakeServer) -> BayeuxClient:
    """A client with a session, connected, whose next connect is not held."""
    server.hold = 0
    client = make_client(server)
    await client.handshake()
    await client.connect()
    return client
