from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from extensions.auth.tests.fake_keyring import FakeKeyring
from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.secret import Secret, digest, is_reference

if TYPE_CHECKING:
    from pybayeux_auth.secret import SecretSource


def read(source: SecretSource) -> str:
    return asyncio.run(Secret(source, "password").read())


def test_a_secret_as_text() -> None:
    assert read(" hunter2\n") == "hunter2"
    assert read("user:hunter2") == "user:hunter2"


def test_a_secret_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Secret("env:MY_SECRET", "password")
    monkeypatch.setenv("MY_SECRET", "hunter2")
    assert asyncio.run(secret.read()) == "hunter2"
    monkeypatch.setenv("MY_SECRET", "hunter3")  # each use reads it again
    assert asyncio.run(secret.read()) == "hunter3"


def test_a_secret_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"\xef\xbb\xbfhunter2\r\n")  # as some editors write it
    assert read(f"file:{path}") == read(path) == "hunter2"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read("file:~/secret") == "hunter2"


def test_a_secret_from_a_function() -> None:
    assert read(lambda: "hunter2") == "hunter2"


def test_a_secret_in_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeKeyring({("my/service", "me"): "hunter2"}).install(monkeypatch)
    assert read("keyring:my/service/me") == "hunter2"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("env:NO_SUCH_VARIABLE", "the environment variable NO_SUCH_VARIABLE is not set"),
        ("file:no-such-file", "no-such-file cannot be read: No such file"),
        ("file:binary", "is not UTF-8 text"),
        ("file:empty", "file:empty is empty"),
        (Path("empty"), "file:empty is empty"),
        ("", r"\*\*\* is empty"),
        ("keyring:service", "keyring:SERVICE/USER"),
        ("keyring:service/nobody", "keyring set service nobody"),
    ],
)
def test_a_missing_secret_is_an_error(
    source: SecretSource, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").write_text(" \n")
    Path("binary").write_bytes(b"\xff\xfehunter2")
    FakeKeyring({}).install(monkeypatch)
    with pytest.raises(LoginMisconfiguredError, match=f"password: .*{why}"):
        read(source)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("hunter2", "***"),
        (lambda: "hunter2", "***"),
        ("env:NAME", "env:NAME"),
        ("file:~/key.pem", "file:~/key.pem"),
        (Path("key.pem"), "file:key.pem"),
        ("keyring:a/b", "keyring:a/b"),
    ],
)
def test_the_repr_shows_the_reference_and_hides_the_secret(source: SecretSource, shown: str) -> None:
    assert repr(Secret(source, "password")) == shown


@pytest.mark.parametrize(
    ("text", "expected"), [("env:A", True), ("file:b", True), ("keyring:c/d", True), ("env", False)]
)
def test_is_reference(text: str, expected: bool) -> None:
    assert is_reference(text) is expected
    assert not is_reference("-----BEGIN PRIVATE KEY-----\nabc:def")


def test_digests_of_different_secrets_differ() -> None:
    made = [digest("a", "b"), digest("ab"), digest("ab", ""), digest("a", None), digest(), digest("b", "a")]
    assert len(set(made)) == len(made)


def test_digests_of_equal_secrets_are_equal_and_hide_them() -> None:
    assert digest("hunter2") == digest("hunter2")
    assert digest("a", None) == digest("a", "")
    assert "hunter2" not in digest("hunter2")
