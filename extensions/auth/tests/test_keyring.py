from __future__ import annotations

import sys
from uuid import uuid4

import pytest

from extensions.auth.tests.fake_keyring import FakeKeyring
from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.keyring import delete_from_keyring, has_keyring, read_keyring, write_keyring


def test_a_written_secret_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring({}).install(monkeypatch)
    assert read_keyring("service", "me") is None
    write_keyring("service", "me", "hunter2")
    assert read_keyring("service", "me") == "hunter2"


def test_a_secret_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring({("service", "me"): "hunter2"}).install(monkeypatch)
    for _ in range(2):
        delete_from_keyring("service", "me")
        assert read_keyring("service", "me") is None


@pytest.mark.parametrize(("priority", "usable"), [(5, True), (1, True), (0.5, False), (0, False)])
def test_whether_there_is_a_keyring(priority: float, usable: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring({}, priority=priority).install(monkeypatch)
    assert has_keyring() is usable


def test_without_the_library_there_is_no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring.errors", None)
    assert not has_keyring()


def test_the_real_library_says_whether_there_is_a_keyring() -> None:
    keyring = pytest.importorskip("keyring")
    assert has_keyring() is (keyring.get_keyring().priority >= 1)


def test_a_locked_keyring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring({}, locked=True).install(monkeypatch)
    with pytest.raises(LoginMisconfiguredError, match="keyring: the collection is locked"):
        read_keyring("service", "me")


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring.errors", None)
    with pytest.raises(LoginMisconfiguredError, match=r"pip install 'pybayeux-auth\[keyring\]'"):
        read_keyring("service", "me")


def test_the_real_library_has_the_functions() -> None:
    keyring = pytest.importorskip("keyring")
    errors = pytest.importorskip("keyring.errors")
    assert callable(keyring.get_password)
    assert callable(keyring.set_password)
    assert callable(keyring.delete_password)
    assert issubclass(errors.KeyringError, Exception)
    with pytest.raises(LoginMisconfiguredError, match="keyring: "):
        _with_no_backend(keyring)


def _with_no_backend(keyring: object) -> None:
    from importlib import import_module

    before = keyring.get_keyring()  # type: ignore[attr-defined]
    keyring.set_keyring(import_module("keyring.backends.fail").Keyring())  # type: ignore[attr-defined]
    try:
        read_keyring("pybayeux-test", uuid4().hex)
    finally:
        keyring.set_keyring(before)  # type: ignore[attr-defined]
