"""Quotas while a client runs: with an emulated org, whose limits are set."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from extensions.salesforce.tests.org import ORDERS, ClientRecorder, client_of, in_org, publish
from pybayeux import Advice, Message, MessageError
from pybayeux.errors import ConnectError
from pybayeux_salesforce import Limit, QuotaError
from pybayeux_salesforce.quotas import Quotas

if TYPE_CHECKING:
    from pybayeux_salesforce_emulator import SalesforceEmulator

NEAR = [Limit("DailyDeliveredPlatformEvents", 100, 5)]


def _options(**salesforce: Any) -> dict[str, Any]:
    given = {"busy_wait": (0.2, 0.4), "quota_wait": (0.2, 0.4), "limits_interval": 0.05, **salesforce}
    return {"salesforce": given, "auth": {"min_interval": 0.0}}


def _reads(org: SalesforceEmulator) -> int:
    return sum(request.path.endswith("/limits") for request in org.requests)


@pytest.mark.parametrize("options", [(-1.0, 0.9), (900.0, 0.0), (900.0, 1.5)])
def test_invalid_options(options: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="limits_"):
        Quotas(*options)


@in_org(max_delivered=10, max_interval=1e6)
async def test_limits_are_read_and_told_while_the_client_runs(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder, options=_options()) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await recorder.until(lambda: recorder.limits)
        assert recorder.limits[0][1] == []
        assert "DailyApiRequests" in recorder.limits[0][0]
        await publish(org, *range(9))
        await recorder.until(lambda: recorder.limits[-1][1])
        assert recorder.limits[-1][1] == ["DailyDeliveredPlatformEvents"]
        org.advance(24 * 3600 + 1)
        await recorder.until(lambda: not recorder.limits[-1][1])


@in_org()
async def test_without_an_interval_nothing_is_read(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder, options=_options(limits_interval=0)) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: recorder.handled)
    assert _reads(org) == 0


@in_org()
async def test_a_spent_quota_of_requests_is_near_its_end(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder, options=_options()):
        await recorder.until(lambda: recorder.limits)
        org.quota("api-requests")
        await recorder.until(lambda: recorder.limits[-1][1] == ["DailyApiRequests"])
        org.quota("api-requests", on=False)
        await recorder.until(lambda: not recorder.limits[-1][1])


@in_org()
async def test_limits_that_may_not_be_read_are_told_once(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    told: list[str] = []
    handler = logging.Handler()

    def emit(record: logging.LogRecord) -> None:
        told.append(record.getMessage())
        recorder.limits_read((), ())

    handler.emit = emit  # type: ignore[method-assign]
    logger = logging.getLogger("pybayeux.salesforce")
    logger.addHandler(handler)
    try:
        org.fail_next("http-status", n=100, path="/services/data/v67.0/limits", code=403)
        async with client_of(org, recorder, options=_options()) as client:
            await client.subscribe(ORDERS, recorder.handle)
            await publish(org, 1)
            await recorder.until(lambda: recorder.handled and told)
    finally:
        logger.removeHandler(handler)
    assert [text for text in told if "cannot be watched" in text] == told
    assert len(told) == 1


def test_a_warning_and_its_end_are_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    quotas = Quotas(900, 0.9)
    fine = [Limit("DailyDeliveredPlatformEvents", 100, 50)]
    with caplog.at_level(logging.INFO, "pybayeux.salesforce"):
        for limits in (fine, NEAR, NEAR, fine, fine):
            quotas.note(limits)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "5 of 100 left" in caplog.records[0].getMessage()


def test_limits_of_publishing_are_not_watched() -> None:
    quotas = Quotas(900, 0.9)
    quotas.note([Limit("HourlyPublishedPlatformEvents", 100, 0), Limit("DailyApiRequests", 0, 0)])
    assert quotas.near == ()


def _connect(timeout: int | None) -> Message:
    advice = None if timeout is None else Advice(timeout=timeout)
    return Message(channel="/meta/connect", id="7", advice=advice)


def test_near_the_end_of_a_quota_connects_are_held_as_long_as_possible() -> None:
    quotas = Quotas(900, 0.9)
    for limits, advised in ((NEAR, None), ([Limit("DurableStreamingApiConcurrentClients", 20, 0)], 5000)):
        quotas.note(limits)
        message = _connect(5000)
        quotas.connecting(message)
        assert (message.advice and message.advice.timeout) == advised
        assert (quotas.extra_hold(message) is not None) == (advised is None)
        assert quotas.extra_hold(message) is None


def test_the_first_connect_of_a_session_is_never_held() -> None:
    quotas = Quotas(900, 0.9)
    quotas.note(NEAR)
    for timeout in (0, None):
        message = _connect(timeout)
        quotas.connecting(message)
        assert (message.advice.timeout if message.advice else None) == timeout
        assert quotas.extra_hold(message) is None


@in_org(max_delivered=1000, timeout=1.5, max_interval=20)
async def test_a_heartbeat_is_longer_near_the_end_of_a_quota(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    options = _options(limits_threshold=0.001)
    async with client_of(org, recorder, options=options, heartbeat=1.0, max_network_delay=0.2) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: recorder.limits and recorder.limits[-1][1])
        held = len(org.requests)
        await recorder.until(
            lambda: any("/cometd" in request.path and request.status for request in org.requests[held + 3 :])
        )
    advised = [
        message.get("advice")
        for request in org.requests[held:]
        for message in request.messages
        if message.get("channel") == "/meta/connect"
    ]
    assert None in advised
    assert not recorder.errors


def _refused(text: str) -> QuotaError:
    error = QuotaError("refused")
    error.reason = MessageError(403, (), text)
    return error


def test_the_end_of_a_day_is_that_of_the_first_refusal() -> None:
    quotas, before = Quotas(900, 0.9), datetime.now(UTC)
    first, second = (_refused("Organization total events daily limit exceeded") for _ in range(2))
    quotas.reached(first)
    quotas.reached(second)
    assert first.ends_by is not None
    assert first.ends_by == second.ends_by
    assert first.ends_by >= before + timedelta(days=1)
    assert f"it ends by {first.ends_by:%Y-%m-%d %H:%M} UTC at the latest" in str(first)
    quotas.works()
    third = _refused("Organization total events daily limit exceeded")
    quotas.reached(third)
    assert third.ends_by is not None
    assert third.ends_by >= first.ends_by


def test_other_limits_have_no_end() -> None:
    error = _refused("Organization concurrent user limit exceeded")
    Quotas(900, 0.9).reached(error)
    assert error.ends_by is None


@in_org()
async def test_a_refused_connect_says_when_the_day_ends(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
    async with client_of(org, recorder) as client:
        await client.subscribe(ORDERS, recorder.handle)
        await publish(org, 1)
        await recorder.until(lambda: recorder.handled)
        org.quota("delivered")
        await recorder.until(lambda: recorder.of(QuotaError))
        [error, *_] = recorder.of(QuotaError)
        assert isinstance(error, QuotaError)
        assert isinstance(error, ConnectError)
        assert error.ends_by is not None
        org.quota("delivered", on=False)
        await publish(org, 2)
        await recorder.until(lambda: len(recorder.handled) == 2)
