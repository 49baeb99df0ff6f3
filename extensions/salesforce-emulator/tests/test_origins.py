"""Requests as browsers send them for pages of other origins, which may stream but not use the control interface."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from pybayeux_salesforce_emulator import SalesforceEmulator

if TYPE_CHECKING:
    from collections.abc import Mapping

PAGE: Final = "http://page.example:3000"


@pytest.mark.parametrize(
    "headers", [{"Origin": PAGE}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "rebound.example"}], ids=str
)
@in_loop
async def test_control_interface_is_closed_to_pages_of_other_origins(headers: Mapping[str, str]) -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        credentials = await http.get(f"{org.control_url}/credentials", headers=headers)
        defined = await http.post(f"{org.control_url}/define", json={"channel": "/event/New__e"}, headers=headers)
        assert (credentials.status_code, defined.status_code) == (403, 403)
        assert org.credentials.password not in credentials.text
        assert "/event/New__e" not in org.channels


@in_loop
async def test_control_interface_is_open_under_the_name_of_the_org() -> None:
    async with SalesforceEmulator(hostname="my-org.example") as org, httpx.AsyncClient() as http:
        response = await http.get(f"{org.control_url}/", headers={"Host": "my-org.example:8080"})
        assert response.status_code == 200


@in_loop
async def test_preflight_of_a_page_of_another_origin() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        asked = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        response = await http.options(org.endpoint, headers=asked)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == PAGE
        assert response.headers["access-control-allow-credentials"] == "true"
        logins = await http.options(org.credentials.token_url, headers=asked)
        assert logins.status_code == 405


@in_loop
async def test_page_may_read_the_responses() -> None:
    async with SalesforceEmulator() as org, httpx.AsyncClient() as http:
        handshake = [{"channel": "/meta/handshake", "version": "1.0", "supportedConnectionTypes": ["long-polling"]}]
        headers = {"Origin": PAGE, "Authorization": f"Bearer {org.issue_token()}"}
        response = await http.post(org.endpoint, json=handshake, headers=headers)
        assert response.json()[0]["successful"]
        assert response.headers["access-control-allow-origin"] == PAGE
        assert response.headers["access-control-allow-credentials"] == "true"
