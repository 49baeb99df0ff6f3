from __future__ import annotations

from pathlib import Path

import click
import pytest

from pybayeux.cli.arguments import Given, is_secret
from pybayeux.errors import UsageError


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("auth.token=abc", {"auth": {"token": "abc"}}),
        ("replay.on-invalid=raise", {"replay": {"on_invalid": "raise"}}),
        ("a.b.c=d", {"a.b": {"c": "d"}}),
        ("auth.token=a.b=c", {"auth": {"token": "a.b=c"}}),
        ("auth.token=", {"auth": {"token": ""}}),
        ("auth.token={}", {"auth": {"token": "{}"}}),
        ('auth.hosts:=["a", "b"]', {"auth": {"hosts": ["a", "b"]}}),
        ("replay.since:=17", {"replay": {"since": 17}}),
    ],
)
def test_a_value_is_read(text: str, options: dict[str, dict[str, object]]) -> None:
    given = Given()
    given.read_value(text)
    assert given.options() == options


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3cr3t", "no '='"),
        ("auth.s3cr3t", "no '='"),
        ("auth=s3cr3t", "'auth' names no option"),
        (".token=s3cr3t", "'.token' names no option"),
        ("auth.=s3cr3t", "'auth.' names no option"),
        ("auth.token:=s3cr3t", "the value of 'auth.token:' is no JSON"),
    ],
)
def test_a_wrong_value_is_refused_and_not_told(text: str, words: str) -> None:
    with pytest.raises(click.BadParameter, match=words) as caught:
        Given().read_value(text)
    assert "s3cr3t" not in caught.value.format_message()


def test_names_to_leave_out_are_read() -> None:
    given = Given()
    given.read_block("no:ack")
    given.read_block("no:all")
    assert given.disabled == ["ack", "all"]


@pytest.mark.parametrize("text", ["ack", "no:", "no", ""])
def test_other_blocks_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="write no:name"):
        Given().read_block(text)


def test_the_command_line_comes_before_the_file() -> None:
    Path("pybayeux.toml").write_text('[replay]\nstore = "file.db"\nconsumer = "file"\n[ack]\n')
    given = Given()
    given.read_value("replay.store=line.db")
    given.read_value("replay.store=last.db")
    given.set("auth", "token", "abc")
    assert given.options() == {
        "replay": {"store": "last.db", "consumer": "file"},
        "ack": {},
        "auth": {"token": "abc"},
    }


def test_a_wrong_file_is_an_error_or_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    Path("pybayeux.toml").write_text("[replay")
    given = Given()
    given.read_value("replay.store=line.db")
    with pytest.raises(UsageError, match=r"pybayeux\.toml cannot be read"):
        given.options()
    assert given.readable_options() == {"replay": {"store": "line.db"}}
    assert "pybayeux.toml cannot be read" in caplog.text


def test_secrets_from_everywhere_are_kept_out_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_OTHER_API_KEY", "from-the-environment")
    monkeypatch.setenv("PYBAYEUX_AUTH_SCHEME", "no-secret")
    Path("pybayeux.toml").write_text('[signature]\nsecret = "from-the-file"\nheader = "harmless"\n')
    given = Given()
    given.read_value("auth.token=from-the-line")
    given.keep_secret("Authorization", "Basic from-a-header")
    given.options()
    text = "from-the-line from-the-file from-the-environment from-a-header harmless no-secret"
    assert given.redact(text) == "*** *** *** *** harmless no-secret"


def test_long_texts_are_kept() -> None:
    assert len(Given().redact("x" * 900)) == 900


@pytest.mark.parametrize(
    "name", ["token", "Authorization", "X-Api-Key", "client_secret", "passphrase", "Cookie", "sid"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["store", "since", "header", "consumer", "X-Tenant", "side"])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not is_secret(name)
