from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator

BACK = "http://localhost:1717/OauthRedirect"
# RFC 7636, appendix B.
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
QUERY = {"response_type": "code", "client_id": "mine", "redirect_uri": BACK, "code_challenge": CHALLENGE}


def _org() -> SalesforceEmulator:
    org = SalesforceEmulator()
    org.add_app("mine", callback_urls=[BACK])
    return org


def _login(org: SalesforceEmulator, decision: str = "allow", **changes: str) -> dict[str, str]:
    credentials = org.credentials
    return {"username": credentials.username, "password": credentials.password, "decision": decision} | changes


def _back(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 302
    location = urlsplit(response.headers["location"])
    assert location._replace(query="").geturl() == BACK
    return {name: values[0] for name, values in parse_qs(location.query).items()}


async def _token(org: SalesforceEmulator, http: httpx.AsyncClient, **form: str) -> Any:
    return (await http.post(f"{org.login_url}/services/oauth2/token", data={"client_id": "mine"} | form)).json()


@in_loop
async def test_a_person_logs_in_and_consents() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        address, query = f"{org.login_url}/services/oauth2/authorize", QUERY | {"state": "s t&"}
        page = await http.get(address, params=query)
        assert page.status_code == 200
        assert 'name="username"' in page.text
        org.add_user("jane@example.com", "pa55word")
        form = _login(org, username="jane@example.com", password="pa55word")
        answer = _back(await http.post(address, params=query, data=form))
        assert answer.keys() == {"code", "state"}
        assert answer["state"] == "s t&"
        code = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
        granted = await _token(org, http, **code, code_verifier=VERIFIER)
        assert granted["refresh_token"]
        assert org.login_history[-1].username == "jane@example.com"
        assert (await _token(org, http, **code, code_verifier=VERIFIER))["error"] == "invalid_grant"


@in_loop
async def test_without_the_scope_there_is_no_refresh_token() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        address = f"{org.login_url}/services/oauth2/authorize"
        answer = _back(await http.post(address, params=QUERY | {"scope": "api"}, data=_login(org)))
        code = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
        granted = await _token(org, http, **code, code_verifier=VERIFIER)
        assert granted["scope"] == "api"
        assert "refresh_token" not in granted


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"client_id": "x"}, "error=invalid_client_id&error_description=client%20identifier%20invalid"),
        (
            {"redirect_uri": f"{BACK}/"},
            "error=redirect_uri_mismatch&error_description=redirect_uri%20must%20match%20configuration",
        ),
    ],
)
@in_loop
async def test_a_browser_is_not_sent_to_an_address_that_the_app_does_not_have(
    asked: dict[str, str], refusal: str
) -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        address, query = f"{org.login_url}/services/oauth2/authorize", QUERY | asked
        for response in (
            await http.get(address, params=query),
            await http.post(address, params=query, data=_login(org)),
        ):
            assert (response.status_code, response.text) == (400, refusal)


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
    ],
)
@in_loop
async def test_a_wrong_request_is_sent_back(asked: dict[str, str | None], error: str) -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        query = {name: value for name, value in (QUERY | asked).items() if value is not None}
        answer = _back(await http.get(f"{org.url}/services/oauth2/authorize", params=query | {"state": "s"}))
        assert (answer["error"], answer["state"]) == (error, "s")


@in_loop
async def test_a_person_may_deny() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        address = f"{org.login_url}/services/oauth2/authorize"
        answer = _back(await http.post(address, params=QUERY, data=_login(org, "deny")))
        assert answer == {"error": "access_denied", "error_description": "end-user denied authorization"}


@in_loop
async def test_a_wrong_password_shows_the_form_again_and_counts() -> None:
    async with SalesforceEmulator(lock_after=2) as org, httpx.AsyncClient() as http:
        org.add_app("mine", callback_urls=[BACK])
        for _ in range(2):
            form = _login(org, password="wrong")
            page = await http.post(f"{org.login_url}/services/oauth2/authorize", params=QUERY, data=form)
            assert "check your username and password" in page.text
        assert org.locked_out == (org.credentials.username,)
        assert [login.way for login in org.login_history] == ["browser"] * 2


@in_loop
async def test_what_an_app_sends_is_shown_as_text() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        query = QUERY | {"scope": "<script>"}
        page = await http.get(f"{org.login_url}/services/oauth2/authorize", params=query)
        assert "<script>" not in page.text
        assert "&lt;script&gt;" in page.text


async def _device(org: SalesforceEmulator, http: httpx.AsyncClient) -> Any:
    codes = await _token(org, http, response_type="device_code", scope="api refresh_token")
    assert codes.keys() == {"device_code", "user_code", "verification_uri", "interval"}
    assert codes["verification_uri"] == f"{org.login_url}/setup/connect"
    return codes


async def _poll(org: SalesforceEmulator, http: httpx.AsyncClient, codes: Any) -> Any:
    org.advance(codes["interval"])
    return await _token(org, http, grant_type="device", code=codes["device_code"])


@in_loop
async def test_a_device_waits_for_a_person() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        codes = await _device(org, http)
        assert (await _poll(org, http, codes))["error"] == "authorization_pending"
        page = await http.get(codes["verification_uri"], params={"user_code": codes["user_code"]})
        assert f'value="{codes["user_code"]}"' in page.text
        wrong = await http.post(codes["verification_uri"], data=_login(org, user_code="x"))
        assert "This code is not valid." in wrong.text
        wrong = await http.post(
            codes["verification_uri"], data=_login(org, user_code=codes["user_code"], password="wrong")
        )
        assert "check your username and password" in wrong.text
        form = _login(org, user_code=codes["user_code"].lower())
        assert "Connected" in (await http.post(codes["verification_uri"], data=form)).text
        granted = await _poll(org, http, codes)
        assert granted["refresh_token"]
        assert granted["scope"] == "api refresh_token"
        assert (await _poll(org, http, codes))["error"] == "invalid_grant"  # a code can be used once
        assert "This code is not valid." in (await http.post(codes["verification_uri"], data=form)).text
        assert [(login.way, login.error is None) for login in org.login_history] == [
            ("browser", False),
            ("device", True),
            ("device", False),
        ]


@in_loop
async def test_a_person_may_deny_a_device() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        codes = await _device(org, http)
        form = _login(org, "deny", user_code=codes["user_code"])
        assert "Denied" in (await http.post(codes["verification_uri"], data=form)).text
        answer = await _poll(org, http, codes)
        assert answer == {"error": "access_denied", "error_description": "end-user denied authorization"}


@in_loop
async def test_a_device_that_polls_too_often_is_slowed_down() -> None:
    async with SalesforceEmulator(clock=lambda: 1_000_000.0) as org, httpx.AsyncClient() as http:
        org.add_app("mine")
        codes = await _device(org, http)
        assert (await _poll(org, http, codes))["error"] == "authorization_pending"
        again = await _token(org, http, grant_type="device", code=codes["device_code"])
        assert again["error"] == "slow_down"
        assert (await _poll(org, http, codes))["error"] == "authorization_pending"


@in_loop
async def test_the_interval_is_told_in_real_time() -> None:
    for scale, interval in ((1.0, 5), (10.0, 0.5)):
        async with SalesforceEmulator(time_scale=scale) as org, httpx.AsyncClient() as http:
            org.add_app("mine")
            assert (await _device(org, http))["interval"] == interval


@in_loop
async def test_a_device_code_expires() -> None:
    async with _org() as org, httpx.AsyncClient() as http:
        codes = await _device(org, http)
        org.advance(600)
        assert (await _poll(org, http, codes))["error"] == "invalid_grant"


@in_loop
async def test_apps_that_may_not_use_the_device_flow() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        org.add_app("mine", device_flow=False)
        assert (await _token(org, http, response_type="device_code"))["error"] == "invalid_request"
        refused = await _token(org, http, response_type="device_code", client_id="x")
        assert refused["error"] == "invalid_client_id"
        assert (await _token(org, http, grant_type="device", client_id="x"))["error"] == "invalid_client_id"
        org.add_app("other")
        codes = await _token(org, http, response_type="device_code", client_id="other")
        assert (await _token(org, http, grant_type="device", code=codes["device_code"]))["error"] == "invalid_grant"
