from __future__ import annotations

import asyncio
from typing import Any

import pytest

from extensions.auth.tests.login_server import Answer, LoginServer
from pybayeux_auth import Grant, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from pybayeux_auth.flows.app import App
from pybayeux_auth.flows.token_endpoint import TokenEndpoint
from pybayeux_auth.login.device_flow import DeviceCodes, log_in_with_device
from pybayeux_auth.login.endpoints import Endpoints

CODES = {"device_code": "s3cret", "user_code": "ABCD", "verification_uri": "https://id/device", "interval": 5}
GRANTED = Answer({"access_token": "token", "refresh_token": "refresh"})
SALESFORCE = Endpoints(login_url="https://id", device="https://id/services/oauth2/token", is_salesforce=True)
OTHER = Endpoints(login_url="https://id/token", device="https://id/device")


def _error(code: str) -> Answer:
    return Answer({"error": code, "error_description": f"{code} of s3cret"}, 400)


class Run:
    """A login, with answers of the server that are given beforehand."""

    def __init__(self, *answers: Answer | Exception, codes: Any = CODES, endpoints: Endpoints = OTHER) -> None:
        self.server = LoginServer()
        self.server.script.extend([Answer(codes), *answers])
        self.waits: list[float] = []
        self.shown: list[DeviceCodes] = []
        self._endpoints = endpoints

    def __call__(self, timeout: float = 300) -> Grant:
        return asyncio.run(self._log_in(timeout))

    async def _log_in(self, timeout: float) -> Grant:
        async with self.server.http() as http:
            return await log_in_with_device(
                App("mine"),
                TokenEndpoint(self._endpoints.login_url, http=http),
                self._endpoints,
                scope="events",
                timeout=timeout,
                show=self.shown.append,
                sleep=self._sleep,
            )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


def test_the_standard_form() -> None:
    run = Run(_error("authorization_pending"), GRANTED)
    assert run().refresh_token == "refresh"
    grant_type = "urn:ietf:params:oauth:grant-type:device_code"
    assert run.server.requests == [
        {"client_id": "mine", "scope": "events"},
        *[{"client_id": "mine", "grant_type": grant_type, "device_code": "s3cret"}] * 2,
    ]
    assert run.waits == [5, 5]


def test_the_form_of_salesforce() -> None:
    run = Run(GRANTED, endpoints=SALESFORCE)
    run()
    assert run.server.requests == [
        {"client_id": "mine", "scope": "events", "response_type": "device_code"},
        {"client_id": "mine", "grant_type": "device", "code": "s3cret"},
    ]


def test_the_pace_follows_the_server() -> None:
    run = Run(
        _error("authorization_pending"),
        _error("slow_down"),
        _error("slow_down"),
        ConnectionError("no network"),
        Answer("", 503),
        GRANTED,
    )
    run()
    assert run.waits == [5, 5, 10, 15, 30, 60]


@pytest.mark.parametrize(
    ("codes", "interval"),
    [({}, 5), ({"interval": "2"}, 2), ({"interval": 0}, 5), ({"interval": True}, 5), ({"interval": "soon"}, 5)],
)
def test_the_interval_of_the_server(codes: dict[str, object], interval: float) -> None:
    run = Run(GRANTED, codes={name: value for name, value in CODES.items() if name != "interval"} | codes)
    run()
    assert run.waits == [interval]


@pytest.mark.parametrize("code", ["access_denied", "expired_token", "invalid_grant"])
def test_a_refusal_ends_it(code: str) -> None:
    run = Run(_error("authorization_pending"), _error(code), GRANTED)
    with pytest.raises(LoginRefusedError) as refused:
        run()
    assert refused.value.error == code
    assert "s3cret" not in str(refused.value)
    assert len(run.waits) == 2


def test_it_ends_with_the_lifetime_of_the_codes() -> None:
    run = Run(*[_error("authorization_pending")] * 2, codes=CODES | {"expires_in": 12})
    with pytest.raises(LoginUnreachableError, match="nobody has logged in with the code ABCD within 12 s"):
        run()
    assert run.waits == [5, 5]


def test_it_ends_with_the_timeout() -> None:
    run = Run(*[_error("authorization_pending")] * 4)
    with pytest.raises(LoginUnreachableError, match="within 20 s"):
        run(timeout=20)
    assert len(run.waits) == 4


def test_a_poll_that_is_not_answered_ends_with_the_timeout() -> None:
    class Silent(TokenEndpoint):
        async def request_token(self, *_: Any, **__: Any) -> Grant:
            await asyncio.Event().wait()
            raise AssertionError("it never ends")

    async def scenario() -> None:
        async with server.http() as http:
            endpoint = Silent("https://id/token", http=http)
            await log_in_with_device(
                App("mine"), endpoint, OTHER, scope=None, timeout=0.02, show=lambda _: None, sleep=lambda _: _soon()
            )

    async def _soon() -> None:
        """Wait for nothing."""

    server = LoginServer()
    server.script.append(Answer(CODES | {"interval": 0.01}))
    with pytest.raises(LoginUnreachableError, match="nobody has logged in with the code ABCD"):
        asyncio.run(asyncio.wait_for(scenario(), 30))


@pytest.mark.parametrize(
    "codes",
    [
        {},
        CODES | {"device_code": 1},
        CODES | {"user_code": None},
        CODES | {"verification_uri": "javascript:alert(1)"},
        CODES | {"verification_uri": None},
    ],
)
def test_codes_that_are_none(codes: Any) -> None:
    with pytest.raises(LoginMisconfiguredError, match="expected the codes of a device"):
        Run(codes=codes)()


def test_an_address_in_the_words_of_the_draft() -> None:
    run = Run(GRANTED, codes={"device_code": "s3cret", "user_code": "ABCD", "verification_url": "https://id/device"})
    run()
    assert run.shown[0].address == "https://id/device"
    assert run.shown[0].complete_address is None


def test_a_server_without_the_flow() -> None:
    with pytest.raises(LoginMisconfiguredError, match="has no device flow"):
        Run(endpoints=Endpoints(login_url="https://id/token"))()
