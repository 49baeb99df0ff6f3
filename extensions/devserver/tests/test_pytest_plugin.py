from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory


def test_fixture_returns_a_running_server(bayeux_server: BlockingServer) -> None:
    assert httpx.post(bayeux_server.url, json=[{"channel": "/meta/connect"}]).json()[0]["successful"] is False


def test_factory_takes_options(bayeux_server_factory: ServerFactory) -> None:
    one, other = bayeux_server_factory(path="/one"), bayeux_server_factory(path="/other")
    assert one.url.endswith("/one")
    assert other.url.endswith("/other")
