from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

from pybayeux_auth import FileTokenStore, TokenStore, TokenStoreError


def save(store: FileTokenStore, text: str) -> None:
    asyncio.run(store.save(text))


def load(store: FileTokenStore) -> str | None:
    return asyncio.run(store.load())


def test_it_implements_token_store(tmp_path: Path) -> None:
    assert isinstance(FileTokenStore(tmp_path / "token"), TokenStore)


def test_saved_text_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "token"
    store = FileTokenStore(path)
    assert load(store) is None
    save(store, "first")
    save(store, "second")
    assert load(store) == load(FileTokenStore(str(path))) == path.read_text() == "second"
    assert [each.name for each in path.parent.iterdir()] == ["token"]


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "token"
    path.parent.mkdir()
    path.write_text("by hand\n")
    path.chmod(0o644)
    store = FileTokenStore(path)
    assert load(store) == "by hand"
    save(store, "secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    save(FileTokenStore(tmp_path / "folder" / "token"), "secret")
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) & 0o077 == 0


def test_a_path_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    save(FileTokenStore("~/token"), "secret")
    assert (tmp_path / "token").read_text() == "secret"


def test_a_symbolic_link_is_kept(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "token")
    save(FileTokenStore(tmp_path / "link"), "secret")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "token").read_text() == "secret"


def test_the_file_is_flushed_before_it_replaces_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    steps: list[str] = []
    sync, replace = os.fsync, os.replace

    def synced(handle: int) -> None:
        name = os.readlink(f"/proc/self/fd/{handle}") if Path("/proc/self/fd").exists() else ""
        steps.append("folder" if name == str(tmp_path) else "file")
        sync(handle)

    def replaced(source: str, target: Path) -> None:
        assert Path(source).read_text() == "secret"
        steps.append("replaced")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    save(FileTokenStore(path), "secret")
    assert steps == ["file", "replaced", "folder"]


def test_a_full_disk_keeps_the_old_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "token"
    save(FileTokenStore(path), "old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TokenStoreError, match="token: the file cannot be written: No space left") as caught:
        save(FileTokenStore(path), "new-secret")
    assert "new-secret" not in str(caught.value)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["token"]


def test_a_file_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a" / "token"
    store = FileTokenStore(path)
    asyncio.run(store.delete())  # there is not even a folder
    save(store, "secret")
    for _ in range(2):
        asyncio.run(store.delete())
        assert load(store) is None

    def refuse(*_: object, **__: object) -> None:
        raise OSError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(TokenStoreError, match="token: the file cannot be deleted: Permission denied"):
        asyncio.run(store.delete())


def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TokenStoreError, match="cannot be read: Is a directory"):
        load(FileTokenStore(tmp_path))
    (tmp_path / "token").write_bytes(b"\xff\xfe")
    with pytest.raises(TokenStoreError, match="is not UTF-8 text"):
        load(FileTokenStore(tmp_path / "token"))


def test_the_repr_shows_the_place(tmp_path: Path) -> None:
    assert str(tmp_path / "token") in repr(FileTokenStore(tmp_path / "token"))


def test_the_lock_excludes_others(tmp_path: Path) -> None:
    async def scenario() -> None:
        store, same, other = (FileTokenStore(tmp_path / name) for name in ("token", "token", "other"))
        async with store.lock(), other.lock():
            waiting = asyncio.create_task(same.lock().__aenter__())
            await asyncio.sleep(0)
            assert not waiting.done()
        await waiting

    asyncio.run(scenario())
