from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from extensions.auth.tests.fake_keyring import FakeKeyring
from pybayeux_auth import KeyringTokenStore, TokenStore, TokenStoreError

if TYPE_CHECKING:
    from pathlib import Path


def test_saved_text_is_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def scenario() -> None:
        keyring = FakeKeyring({})
        keyring.install(monkeypatch)
        store = KeyringTokenStore("my-service", "me", lock_file=tmp_path / "lock")
        assert isinstance(store, TokenStore)
        async with store.lock():
            assert await store.load() is None
            await store.save("secret")
            assert await store.load() == "secret"
        assert keyring.secrets == {("my-service", "me"): "secret"}
        await store.delete()
        assert await store.load() is None
        assert keyring.secrets == {}
        assert (tmp_path / "lock").exists()

    asyncio.run(scenario())


def test_the_lock_file_belongs_to_user_and_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def scenario() -> None:
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
        monkeypatch.setenv("HOME", str(tmp_path))
        async with KeyringTokenStore("a", "me").lock(), KeyringTokenStore("b", "me").lock():
            waiting = asyncio.create_task(KeyringTokenStore("a", "me").lock().__aenter__())
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting

    asyncio.run(scenario())
    assert len([*tmp_path.rglob("keyring-*.lock")]) == 2


def test_a_locked_keyring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring({}, locked=True).install(monkeypatch)
    store = KeyringTokenStore("my-service", "me")
    for work in (store.load(), store.save("secret"), store.delete()):
        with pytest.raises(TokenStoreError, match=r"token store keyring:my-service/me: .*is locked"):
            asyncio.run(work)


def test_the_repr_shows_the_place() -> None:
    assert repr(KeyringTokenStore("my-service", "me")) == "KeyringTokenStore('my-service', 'me')"
