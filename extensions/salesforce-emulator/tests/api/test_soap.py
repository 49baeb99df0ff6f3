from __future__ import annotations

from xml.etree import ElementTree

import httpx
import pytest

from emulator_support.http_client import HttpClient
from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator

ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/">'
    '<env:Body><n1:login xmlns:n1="urn:partner.soap.sforce.com"><n1:username>{}</n1:username>'
    "<n1:password>{}</n1:password></n1:login></env:Body></env:Envelope>"
)


async def _login(
    org: SalesforceEmulator, http: httpx.AsyncClient, password: str, *, version: str = "64.0", end: str = ""
) -> tuple[int, dict[str, str]]:
    body = ENVELOPE.format(org.credentials.username, password)
    headers = {"Content-Type": "text/xml", "SOAPAction": "login"}
    response = await http.post(f"{org.url}/services/Soap/u/{version}{end}", content=body, headers=headers)
    found = ElementTree.fromstring(response.text).iter()  # noqa: S314
    return response.status_code, {element.tag.rpartition("}")[2]: element.text or "" for element in found}


@pytest.mark.parametrize("end", ["", "/"])
@in_loop
async def test_session_id_is_an_access_token(end: str) -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        status, answer = await _login(org, http, org.credentials.password, end=end)
        assert status == 200
        assert answer["serverUrl"] == f"{org.url}/services/Soap/u/64.0/{org.org_id[:15]}"
        async with HttpClient(org, Authorization=answer["sessionId"]) as client:
            assert (await client.handshake()).json()[0]["successful"]
        assert org.logins == 1


@in_loop
async def test_a_wrong_password_and_a_lockout() -> None:
    async with SalesforceEmulator(lock_after=1) as org, httpx.AsyncClient() as http:
        status, answer = await _login(org, http, "wrong")
        assert status == 500
        words = "Invalid username, password, security token; or user locked out."
        assert answer["faultstring"] == f"INVALID_LOGIN: {words}"
        assert (answer["exceptionCode"], answer["exceptionMessage"]) == ("INVALID_LOGIN", words)
        assert (await _login(org, http, org.credentials.password))[0] == 500
        assert org.locked_out == (org.credentials.username,)


@pytest.mark.parametrize(("version", "offered"), [("65.0", True), ("64.0", False)])
@in_loop
async def test_versions_without_soap_login(version: str, offered: bool) -> None:
    async with SalesforceEmulator(soap_login=offered) as org, httpx.AsyncClient() as http:
        status, answer = await _login(org, http, org.credentials.password, version=version)
        assert (status, answer["exceptionCode"]) == (500, "INVALID_OPERATION")


@pytest.mark.parametrize(("version", "body"), [("64.0", "<a/>"), ("64.0", "no XML"), ("x", ENVELOPE)])
@in_loop
async def test_malformed_logins(version: str, body: str) -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        response = await http.post(f"{org.url}/services/Soap/u/{version}", content=body)
        assert response.status_code == 500
        assert "UNKNOWN_EXCEPTION" in response.text
        assert org.login_history == ()
