from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from pybayeux_salesforce_emulator import BlockingEmulator
    from pybayeux_salesforce_emulator.pytest_plugin import OrgFactory


def test_fixture_returns_a_running_org(salesforce_org: BlockingEmulator) -> None:
    assert httpx.get(f"{salesforce_org.url}/services/data").json()[-1]["version"] == "67.0"


def test_factory_takes_options(salesforce_org_factory: OrgFactory) -> None:
    one, other = salesforce_org_factory(version="60.0"), salesforce_org_factory(version="61.0")
    assert one.endpoint.endswith("/cometd/60.0")
    assert other.endpoint.endswith("/cometd/61.0")
