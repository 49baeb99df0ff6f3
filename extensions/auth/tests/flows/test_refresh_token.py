from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from extensions.auth.tests.error_texts import text_of
from extensions.auth.tests.login_server import CLIENT_ID, CLIENT_SECRET, LoginServer, serving
from pybayeux_auth import (
    FileTokenStore,
    LoginMisconfiguredError,
    LoginRefusedError,
    LoginUnreachableError,
    RefreshTokenFlow,
    TokenStoreError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class MemoryStore:
    """Stores a token in memory, and records the order of its calls."""

    def __init__(self, log: list[str] | None = None, text: str | None = None) -> None:
        self.text = text
        self.log = [] if log is None else log
        self.fails = 0

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        self.log.append("locked")
        yield
        self.log.append("unlocked")

    async def load(self) -> str | None:
        self.log.append("loaded")
        return self.text

    async def save(self, text: str) -> None:
        if self.fails:
            self.fails -= 1
            raise TokenStoreError("memory", "it is full")
        self.log.append("saved")
        self.text = text


def flow_of(server: LoginServer, **options: Any) -> RefreshTokenFlow:
    given: dict[str, Any] = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "http": server.http()}
    return RefreshTokenFlow(**(given | options))


def used(server: LoginServer) -> list[str]:
    return [request["refresh_token"] for request in server.requests]


def test_a_token_without_rotation_is_used_again() -> None:
    async def scenario() -> None:
        server, store = LoginServer(), MemoryStore()
        flow = flow_of(server, refresh_token="refresh-0", store=store)
        assert (await flow()).access_token != (await flow()).access_token
        assert used(server) == ["refresh-0", "refresh-0"]
        assert store.text is None

    asyncio.run(scenario())


def test_a_new_token_is_saved_before_the_grant_is_used() -> None:
    async def scenario() -> None:
        server, store = LoginServer(rotates=True), MemoryStore()
        flow = flow_of(server, refresh_token="refresh-0", store=store)
        grant = await flow()
        assert grant.refresh_token == "refresh-1"
        assert store.log == ["locked", "loaded", "saved", "unlocked"]
        assert json.loads(store.text or "")["refresh_token"] == "refresh-1"
        await flow()
        await flow()
        assert used(server) == ["refresh-0", "refresh-1", "refresh-2"]

    asyncio.run(scenario())


def test_another_process_continues_with_the_stored_token(tmp_path: Path) -> None:
    async def scenario() -> None:
        server = LoginServer(rotates=True)
        for _ in range(3):  # each is given the token that its configuration has
            flow = flow_of(server, refresh_token="refresh-0", store=FileTokenStore(tmp_path / "token"))
            await flow()
        await flow_of(server, store=FileTokenStore(tmp_path / "token"))()
        assert used(server) == ["refresh-0", "refresh-1", "refresh-2", "refresh-3"]

    asyncio.run(scenario())


def test_another_first_token_replaces_the_stored_one() -> None:
    async def scenario() -> None:
        server, store = LoginServer(rotates=True), MemoryStore()
        await flow_of(server, refresh_token="refresh-0", store=store)()
        server.refresh_tokens.add("fresh-consent")
        await flow_of(server, refresh_token="fresh-consent", store=store)()
        await flow_of(server, refresh_token="fresh-consent", store=store)()
        assert used(server) == ["refresh-0", "fresh-consent", "refresh-2"]

    asyncio.run(scenario())


def test_a_token_written_by_hand_is_used() -> None:
    async def scenario() -> None:
        server, store = LoginServer(rotates=True), MemoryStore(text="refresh-0")
        await flow_of(server, refresh_token="an older one", store=store)()
        await flow_of(server, refresh_token="an older one", store=store)()
        assert used(server) == ["refresh-0", "refresh-1"]

    asyncio.run(scenario())


def test_a_failed_save_delays_the_grant_and_costs_no_second_login() -> None:
    async def scenario() -> None:
        server, store = LoginServer(rotates=True), MemoryStore()
        flow = flow_of(server, refresh_token="refresh-0", store=store)
        store.fails = 2
        for _ in range(2):
            with pytest.raises(TokenStoreError, match="it is full"):
                await flow()
        grant = await flow()
        assert [grant.access_token] == server.issued
        assert used(server) == ["refresh-0"]
        assert json.loads(store.text or "")["refresh_token"] == grant.refresh_token == "refresh-1"
        await flow()
        assert used(server) == ["refresh-0", "refresh-1"]

    asyncio.run(scenario())


def test_without_a_store_a_warning_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        server = LoginServer(rotates=True)
        flow = flow_of(server, refresh_token="refresh-0")
        await flow()
        await flow()
        assert used(server) == ["refresh-0", "refresh-1"]

    with caplog.at_level(logging.WARNING):
        asyncio.run(scenario())
    assert "set a token_store" in caplog.text
    assert "refresh-1" not in caplog.text


def test_a_failed_login_keeps_the_token() -> None:
    async def scenario() -> None:
        server, store = LoginServer(rotates=True), MemoryStore()
        server.script.append(ConnectionError("down"))
        flow = flow_of(server, refresh_token="refresh-0", store=store)
        with pytest.raises(LoginUnreachableError):
            await flow()
        assert store.log[-1] == "loaded"  # an exception leaves the block of the lock, too
        await flow()
        assert used(server) == ["refresh-0", "refresh-0"]

    asyncio.run(scenario())


def test_a_revoked_token_has_advice() -> None:
    server = LoginServer()
    server.refresh_tokens.clear()
    flow = flow_of(server, refresh_token="refresh-0", store=MemoryStore())
    with pytest.raises(
        LoginRefusedError, match=r"expired access/refresh token \*\*\*; .*authorise the app again"
    ) as caught:
        asyncio.run(flow())
    assert "refresh-0" not in text_of(caught.value)


def test_a_new_token_in_the_store_changes_the_credentials() -> None:
    async def scenario() -> None:
        store = MemoryStore(text="refresh-0")
        flow = flow_of(LoginServer(), store=store)
        before = await flow.credentials()
        assert before == await flow.credentials()
        store.text = "fresh-consent"
        assert await flow.credentials() != before

    asyncio.run(scenario())


def test_an_app_without_a_secret() -> None:
    server = LoginServer()
    with pytest.raises(LoginRefusedError, match="invalid_client"):
        asyncio.run(flow_of(server, refresh_token="refresh-0", client_secret=None, scope="api")())
    assert server.requests == [
        {"grant_type": "refresh_token", "refresh_token": "refresh-0", "client_id": CLIENT_ID, "scope": "api"}
    ]


@pytest.mark.parametrize(
    "text", ["{", "{}", '{"refresh_token": 7}', '{"refresh_token": ""}', '{"refresh_token":"a","origin":1}']
)
def test_a_malformed_stored_token_is_an_error(text: str) -> None:
    server = LoginServer()
    with pytest.raises(LoginMisconfiguredError, match="expected a refresh token in"):
        asyncio.run(flow_of(server, refresh_token="refresh-0", store=MemoryStore(text=text))())
    assert not server.requests


def test_without_a_token_the_error_says_how_to_get_one() -> None:
    with pytest.raises(LoginMisconfiguredError, match="expected a refresh token, or a token_store"):
        flow_of(LoginServer())
    with pytest.raises(LoginMisconfiguredError, match="not logged in; run pybayeux auth login, or set"):
        asyncio.run(flow_of(LoginServer(), store=MemoryStore())())


def test_the_repr_hides_secrets(tmp_path: Path) -> None:
    shown = repr(flow_of(LoginServer(), refresh_token="refresh-0", store=FileTokenStore(tmp_path / "token")))
    assert shown.startswith(f"RefreshTokenFlow({CLIENT_ID} at https://login.salesforce.com, store=FileTokenStore(")
    assert "refresh-0" not in shown


WORKER = """
import asyncio, sys
from pybayeux_auth import FileTokenStore, RefreshTokenFlow

url, client_id, secret, path, logins = sys.argv[1:]

async def main():
    store = FileTokenStore(path)
    flow = RefreshTokenFlow(
        login_url=url, client_id=client_id, client_secret=secret, refresh_token="refresh-0", store=store
    )
    for _ in range(int(logins)):
        await flow()

asyncio.run(main())
"""


def test_processes_that_share_a_file_never_use_a_token_twice(tmp_path: Path) -> None:
    """The server treats the second use of a token as theft, and revokes all tokens."""
    server, path = LoginServer(rotates=True), tmp_path / "token"
    with serving(server) as url:
        command = [sys.executable, "-c", WORKER, url, CLIENT_ID, CLIENT_SECRET, str(path), "5"]
        workers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
        ended = [(each.communicate(timeout=60)[1], each.returncode) for each in workers]
    assert ended == [("", 0)] * 3
    assert used(server) == [f"refresh-{number}" for number in range(15)]
    assert json.loads(path.read_text())["refresh_token"] == "refresh-15"
