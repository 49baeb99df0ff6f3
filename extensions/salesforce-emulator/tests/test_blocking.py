from __future__ import annotations

import httpx
import pytest

from emulator_support.org_client import ORDERS
from pybayeux_salesforce_emulator import SalesforceEmulator


def test_org_on_its_own_thread() -> None:
    with SalesforceEmulator() as org, httpx.Client() as http:
        org.define(ORDERS)
        replay_id = org.publish(ORDERS, {"Number__c": 1})
        assert org.published[ORDERS][0].replay_id == replay_id
        assert set(org.publish_change("Account", "DELETE", ["001"])) == {
            "/data/ChangeEvents",
            "/data/AccountChangeEvent",
        }
        headers = {"Authorization": f"Bearer {org.issue_token()}"}
        reply = http.post(org.endpoint, json=[{"channel": "/meta/handshake"}], headers=headers).json()[0]
        assert reply["successful"]
        assert len(org.received("/meta/handshake")) == 1
        assert org.kill_sessions() == 1
        assert org.sessions == ()


def test_waiting_times_out() -> None:
    with SalesforceEmulator() as org, pytest.raises(TimeoutError):
        org.received("/meta/connect", timeout=0)


def test_unknown_attribute_raises() -> None:
    with SalesforceEmulator() as org, pytest.raises(AttributeError, match="nonsense"):
        _ = org.nonsense  # type: ignore[attr-defined]
