from __future__ import annotations

from pathlib import Path

import click
import pytest

from pybayeux.cli.arguments import CliOptions, is_secret
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
    cli_options = CliOptions()
    cli_options.read_value(text)
    assert cli_options.options() == options


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3cr3t", "no '='"),
        ("auth.s3cr3t", "no '='"),
        ("auth=s3cr3t", "'auth' does not name an option"),
        (".token=s3cr3t", "'.token' does not name an option"),
        ("auth.=s3cr3t", "'auth.' does not name an option"),
        ("auth.token:=s3cr3t", "the value of 'auth.token:' is not JSON"),
    ],
)
def test_a_wrong_value_is_refused_and_not_shown(text: str, words: str) -> None:
    with pytest.raises(click.BadParameter, match=words) as caught:
        CliOptions().read_value(text)
    assert "s3cr3t" not in caught.value.format_message()


def test_names_to_leave_out_are_read() -> None:
    cli_options = CliOptions()
    cli_options.read_choice("no:ack")
    cli_options.read_choice("no:all")
    assert cli_options.disabled == ["ack", "all"]


@pytest.mark.parametrize("text", ["ack", "no:", "no", ""])
def test_other_forms_of_disabling_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected no:name"):
        CliOptions().read_choice(text)


def test_the_command_line_comes_before_the_file() -> None:
    Path("pybayeux.toml").write_text('[replay]\nstore = "file.db"\nconsumer = "file"\n[ack]\n')
    cli_options = CliOptions()
    cli_options.read_value("replay.store=line.db")
    cli_options.read_value("replay.store=last.db")
    cli_options.set("auth", "token", "abc")
    assert cli_options.options() == {
        "replay": {"store": "last.db", "consumer": "file"},
        "ack": {},
        "auth": {"token": "abc"},
    }


def test_a_wrong_file_is_an_error_or_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    Path("pybayeux.toml").write_text("[replay")
    cli_options = CliOptions()
    cli_options.read_value("replay.store=line.db")
    with pytest.raises(UsageError, match=r"pybayeux\.toml cannot be read"):
        cli_options.options()
    assert cli_options.readable_options() == {"replay": {"store": "line.db"}}
    assert "pybayeux.toml cannot be read" in caplog.text


def test_secrets_from_everywhere_are_kept_out_of_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYBAYEUX_OTHER_API_KEY", "from-the-environment")
    monkeypatch.setenv("PYBAYEUX_AUTH_SCHEME", "no-secret")
    Path("pybayeux.toml").write_text('[signature]\nsecret = "from-the-file"\nheader = "harmless"\n')
    cli_options = CliOptions()
    cli_options.read_value("auth.token=from-the-line")
    cli_options.keep_secret("Authorization", "Basic from-a-header")
    cli_options.options()
    text = "from-the-line from-the-file from-the-environment from-a-header harmless no-secret"
    assert cli_options.redact(text) == "*** *** *** *** harmless no-secret"


def test_long_texts_are_kept() -> None:
    assert len(CliOptions().redact("x" * 900)) == 900


@pytest.mark.parametrize(
    "name", ["token", "Authorization", "X-Api-Key", "client_secret", "passphrase", "Cookie", "sid"]
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["store", "since", "header", "consumer", "X-Tenant", "side"])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not is_secret(name)
