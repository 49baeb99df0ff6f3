from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import OrgFactory, ServerFactory
    from pybayeux_devserver.salesforce import BlockingEmulator


def test_the_fixture_gives_a_server(bayeux_server: BlockingServer) -> None:
    assert httpx.post(bayeux_server.url, json=[{"channel": "/meta/connect"}]).json()[0]["successful"] is False


def test_the_factory_takes_options(bayeux_server_factory: ServerFactory) -> None:
    one, other = bayeux_server_factory(path="/one"), bayeux_server_factory(path="/other")
    assert one.url.endswith("/one")
    assert other.url.endswith("/other")


def test_the_fixture_gives_an_org(salesforce_org: BlockingEmulator) -> None:
    assert httpx.get(f"{salesforce_org.url}/services/data").json()[-1]["version"] == "67.0"


def test_its_factory_takes_options(salesforce_org_factory: OrgFactory) -> None:
    one, other = salesforce_org_factory(version="60.0"), salesforce_org_factory(version="61.0")
    assert one.endpoint.endswith("/cometd/60.0")
    assert other.endpoint.endswith("/cometd/61.0")
