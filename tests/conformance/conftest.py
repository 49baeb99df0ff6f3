"""The fixtures `target`, see `tests.conformance.servers.on`, and `proxy`, the network before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.conformance.servers import DevTarget, RealTarget

if TYPE_CHECKING:
    from tests.conformance.servers import Choice, Target
    from tests.servers.fixtures import ProxyFactory
    from tests.servers.proxy import Proxy

__all__ = ("proxy", "target")


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Target:
    """A server and a transport."""
    where: Choice = request.param
    server, transport, options = where
    if server == "devserver":
        offered = {"connection_types": ("long-polling", "callback-polling", "websocket")}
        return DevTarget(request.getfixturevalue("bayeux_server_factory")(**offered | options), transport)
    name = server.replace("-", "_")
    if options:
        return RealTarget(request.getfixturevalue(f"{name}_factory")(**options), transport)
    shared = RealTarget(request.getfixturevalue(f"{name}_server"), transport)
    shared.server.control.drop()  # what earlier tests left to die
    return shared


@pytest.fixture
def proxy(target: Target, proxy_factory: ProxyFactory) -> Proxy:
    """A proxy before the target's server: the clients of the target go through it."""
    proxy = proxy_factory(target.endpoint)
    target.go_through(proxy)
    return proxy
