from __future__ import annotations

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator

TOKEN = "/services/oauth2/token"


def _form(org: SalesforceEmulator) -> dict[str, str]:
    credentials = org.credentials
    return {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }


@in_loop
async def test_logins_are_recorded() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        await http.post(org.credentials.token_url, data=_form(org))
        [request] = org.requests
        assert (request.method, request.path, request.status) == ("POST", TOKEN, 200)
        assert b"grant_type=client_credentials" in request.body


@in_loop
async def test_login_that_a_fault_replaces() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        org.fail_next("http-503", path=TOKEN, retry_after=2)
        response = await http.post(org.credentials.token_url, data=_form(org))
        assert (response.status_code, response.headers["retry-after"]) == (503, "2")
        assert (org.logins, org.requests[-1].fault, org.requests[-1].status) == (0, "http-503", 503)


@in_loop
async def test_login_whose_reply_is_lost() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        org.fail_next("reply-eof", path=TOKEN)
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post(org.credentials.token_url, data=_form(org))
        assert (org.logins, org.requests[-1].fault) == (1, "reply-eof")


@in_loop
async def test_faults_of_streaming_do_not_affect_logins() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        org.fail_next("reply-eof")
        assert (await http.post(org.credentials.token_url, data=_form(org))).status_code == 200


@in_loop
async def test_after_a_move_only_logins_work_under_the_old_name() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        before, form = org.url, _form(org)
        org.migrate(move=True)
        assert (await http.get(f"{before}/services/data")).status_code == 404
        assert (await http.get(f"{org.url}/services/data")).status_code == 200
        answer = (await http.post(before + TOKEN, data=form)).json()
        assert answer["instance_url"] == org.url != before
        response = await http.post(f"{before}/cometd/67.0", json=[{"channel": "/meta/handshake"}])
        assert response.status_code == 404
        assert "URL No Longer Exists" in response.text
