from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator


def _app(org: SalesforceEmulator) -> dict[str, str]:
    credentials = org.credentials
    return {"client_id": credentials.client_id, "client_secret": credentials.client_secret}


async def _token(org: SalesforceEmulator, http: httpx.AsyncClient, **form: str) -> httpx.Response:
    asked = {"grant_type": "client_credentials", **_app(org)} | form
    return await http.post(org.credentials.token_url, data=asked)


@in_loop
async def test_token_over_http() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        response = await _token(org, http)
        assert response.status_code == 200
        assert response.json()["instance_url"] == org.url
        refused = await _token(org, http, client_secret="wrong")
        assert refused.status_code == 400
        assert refused.json() == {"error": "invalid_client", "error_description": "invalid client credentials"}
        assert [request.path for request in org.requests] == ["/services/oauth2/token"] * 2


@in_loop
async def test_app_may_be_in_the_authorization_header() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        basic = httpx.BasicAuth(*_app(org).values())
        form = {"grant_type": "client_credentials"}
        assert (await http.post(org.credentials.token_url, data=form, auth=basic)).status_code == 200
        headers = {"Authorization": "Basic !"}
        assert (await http.post(org.credentials.token_url, data=form, headers=headers)).status_code == 400


@in_loop
async def test_the_login_host_has_no_client_credentials() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        form = {"grant_type": "client_credentials", **_app(org)}
        response = await http.post(f"{org.login_url}/services/oauth2/token", data=form)
        assert response.json()["error_description"] == "request not supported on this domain"
        credentials = org.credentials
        form |= {"grant_type": "password", "username": credentials.username, "password": credentials.password}
        assert (await http.post(f"{org.login_url}/services/oauth2/token", data=form)).status_code == 200


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ({"response_type": "code", "state": "s"}, {"code", "state"}),
        ({"response_type": "code", "code_challenge": "x"}, {"code"}),
        ({"response_type": "token"}, {"error", "error_description"}),
        ({"response_type": "code", "client_id": "public"}, {"error", "error_description"}),
        ({"response_type": "code", "client_id": "public", "code_challenge": "x"}, {"code"}),
    ],
)
@in_loop
async def test_consent_in_a_browser(asked: dict[str, str], answered: set[str]) -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        org.add_app("public")
        query = {"client_id": org.credentials.client_id, "redirect_uri": "http://back/?a=b"} | asked
        response = await http.get(f"{org.url}/services/oauth2/authorize", params=query)
        assert response.status_code == 302
        back = urlsplit(response.headers["location"])
        assert (back.netloc, set(parse_qs(back.query))) == ("back", {"a", *answered})


@in_loop
async def test_consent_for_an_app_that_does_not_exist() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        response = await http.get(f"{org.url}/services/oauth2/authorize", params={"client_id": "x"})
        assert response.status_code == 400


@in_loop
async def test_revoke_and_introspect() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        token = (await _token(org, http)).json()["access_token"]

        async def post(what: str, **form: str) -> Any:
            return await http.post(f"{org.url}/services/oauth2/{what}", data=form)

        seen = (await post("introspect", token=token, **_app(org))).json()
        assert seen["active"] is True
        assert seen["username"] == org.credentials.username
        assert seen["exp"] > org.now
        assert (await post("introspect", token=token)).status_code == 400
        who = await http.get(f"{org.url}/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})
        assert who.json()["organization_id"] == org.org_id
        assert (await post("revoke", token=token)).status_code == 200
        assert (await post("revoke", token=token)).json()["error"] == "unsupported_token_type"
        assert (await post("introspect", token=token, **_app(org))).json() == {"active": False}
        who = await http.get(f"{org.url}/services/oauth2/userinfo", headers={"Authorization": f"Bearer {token}"})
        assert who.status_code == 403
        assert (await post("revoke", token=org.credentials.refresh_token)).status_code == 200


@in_loop
async def test_the_identity_url() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        answer = (await _token(org, http)).json()
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        assert (await http.get(answer["id"], headers=headers)).json()["user_id"] in answer["id"]
