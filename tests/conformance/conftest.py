"""The fixtures `stand`, see `tests.conformance.stands.on`, and `proxy`, the network before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.stands import DevStand, RealStand

if TYPE_CHECKING:
    from tests.conformance.stands import Stand, Where
    from tests.servers.fixtures import ProxyFactory
    from tests.servers.proxy import Proxy

__all__ = ("proxy", "stand")


@pytest.fixture
def stand(request: pytest.FixtureRequest) -> Stand:
    """A server and a transport."""
    where: Where = request.param
    server, transport, options = where
    if server == "devserver":
        offered = {"connection_types": ("long-polling", "callback-polling", "websocket")}
        return DevStand(request.getfixturevalue("bayeux_server_factory")(**offered | options), transport)
    name = server.replace("-", "_")
    if options:
        return RealStand(request.getfixturevalue(f"{name}_factory")(**options), transport)
    shared = RealStand(request.getfixturevalue(f"{name}_server"), transport)
    shared.server.control.drop()  # what earlier tests left to die
    return shared


@pytest.fixture
def proxy(stand: Stand, proxy_factory: ProxyFactory) -> Proxy:
    """A proxy before the stand's server: the stand's clients go through it."""
    proxy = proxy_factory(stand.place)
    stand.go_through(proxy)
    return proxy
