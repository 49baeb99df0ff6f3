from __future__ import annotations

from typing import Any

import httpx

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


@in_loop
async def test_revoking_a_refresh_token_ends_the_access_tokens_of_its_app_and_user() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        other = org.issue_token()
        form = {"grant_type": "refresh_token", "refresh_token": org.credentials.refresh_token}
        token = (await _token(org, http, **form)).json()["access_token"]

        async def is_accepted(token: str) -> bool:
            headers = {"Authorization": f"Bearer {token}"}
            return (await http.get(f"{org.url}/services/oauth2/userinfo", headers=headers)).status_code == 200

        assert await is_accepted(token)
        answer = await http.post(f"{org.url}/services/oauth2/revoke", data={"token": form["refresh_token"]})
        assert answer.status_code == 200
        assert not await is_accepted(token)
        assert await is_accepted(other)
        assert (await _token(org, http, **form)).json()["error_description"] == "expired access/refresh token"


@in_loop
async def test_the_identity_url() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        answer = (await _token(org, http)).json()
        headers = {"Authorization": f"Bearer {answer['access_token']}"}
        assert (await http.get(answer["id"], headers=headers)).json()["user_id"] in answer["id"]
