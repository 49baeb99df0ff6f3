"""What the log says while a client lives through the events of an ordinary week."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, publish, with_org
from pybayeux_auth import JwtBearerFlow
from pybayeux_salesforce import QuotaError

if TYPE_CHECKING:
    from pybayeux import AsyncClient
    from pybayeux_salesforce_emulator import SalesforceEmulator


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "pybayeux")


def _texts(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    texts = [record.getMessage() for record in caplog.records if record.levelno == level and "pybayeux" in record.name]
    return [text for text in texts if not text.startswith("extensions: ")]


async def _handle_one(org: SalesforceEmulator, recorder: ClientRecorder, client: AsyncClient) -> None:
    count = len(recorder.handled)
    await publish(org, count)
    await recorder.until(lambda: len(recorder.handled) > count)


def test_a_move_of_the_load_balancer_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with client_of(org, recorder) as client:
            await client.subscribe(ORDERS, recorder.handle)
            org.rebalance()
            await _handle_one(org, recorder, client)  # answers the connect that was held before
            await recorder.until(lambda: recorder.granted == [ORDERS] * 2)

    with_org(scenario)
    assert _texts(caplog, logging.WARNING) == []
    assert [text.split(":")[0].split(" after ")[0] for text in _texts(caplog, logging.INFO)] == [
        "UnknownSessionError",
        "connected again",
    ]


def test_a_quota_says_how_long_the_client_waits(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with client_of(org, recorder, options={"salesforce": {"quota_wait": (300, 300)}}) as client:
            await client.subscribe(ORDERS, recorder.handle)
            org.quota("clients")
            org.kill_sessions("advice-none")
            await recorder.until(lambda: recorder.of(QuotaError))
            health = client.health
            assert (health.live, health.ready) == (True, False)
            assert isinstance(health.error, QuotaError)
            assert health.retry_in == pytest.approx(270, abs=35)

    with_org(scenario)
    (text,) = _texts(caplog, logging.WARNING)
    assert re.search(r"; tried again in (2\d\d|300) s;", text), text


def test_a_move_of_the_org_that_heals_is_no_wrong_address(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        credentials = org.credentials
        login = JwtBearerFlow(
            client_id=credentials.client_id,
            username=credentials.username,
            private_key=credentials.private_key,
            login_url=credentials.login_url,
        )
        async with client_of(org, recorder, login=login) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await _handle_one(org, recorder, client)
            org.migrate(move=True, collide=False)
            await _handle_one(org, recorder, client)

    with_org(scenario)
    assert not [text for text in _texts(caplog, logging.WARNING) if "check the address" in text]
    assert any("a login finds its address" in text for text in _texts(caplog, logging.WARNING))
