from __future__ import annotations

import re

import httpx
import pytest

from extensions.devserver.tests.engine_client import in_loop
from extensions.devserver.tests.polling_client import PollingClient
from pybayeux_devserver import DevServer


@in_loop
async def test_the_page_runs_its_own_script_alone_and_no_other_page_frames_it() -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        assert server.page_url is not None
        page = await http.get(server.page_url)
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert len(re.findall(r"(?:script|style)-src 'sha256-[\w+/]+='", policy)) == 2
        assert page.headers["x-frame-options"] == "DENY"


@in_loop
async def test_the_page_loads_nothing_from_elsewhere_and_is_small() -> None:
    async with DevServer() as server, httpx.AsyncClient() as http:
        page = (await http.get(server.page_url or "")).text
        assert not re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?![\"'#]|data:)", page)
        assert "://" not in page
        assert len(page.encode()) < 24_000


@pytest.mark.parametrize("options", [{"control": False}, {"path": "/"}])
@in_loop
async def test_a_server_without_a_page(options: dict[str, object]) -> None:
    async with DevServer(**options) as server, httpx.AsyncClient() as http:  # type: ignore[arg-type]
        assert server.page_url is None
        answer = await http.get(server.url.removesuffix("cometd"))
        assert "html" not in answer.headers.get("content-type", "")


@in_loop
async def test_an_endpoint_at_the_root_keeps_its_requests() -> None:
    async with DevServer(path="/") as server, PollingClient(server) as client:
        assert (await client.handshake()).json()[0]["successful"]
