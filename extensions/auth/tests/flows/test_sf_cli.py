from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from extensions.auth.tests.fake_sf import Cli
from extensions.auth.tests.login_server import ORG
from extensions.auth.tests.texts import text_of
from pybayeux_auth import AuthError, Grant, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError, SfCliFlow

if TYPE_CHECKING:
    from pathlib import Path

REDACTED = "[REDACTED] Use 'sf org auth show-access-token' to view"


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def test_the_token_of_an_org(cli: Cli) -> None:
    cli.displays()
    assert cli.ask() == Grant(access_token=f"{ORG}!token", instance_url="https://my-org.my.salesforce.com", org_id=ORG)
    assert cli.calls == [[["org", "display", "--json", "--target-org", "my-org"], "1", ""]]


def test_the_token_that_is_hidden_there_is_asked_for(cli: Cli) -> None:
    cli.displays(REDACTED)
    cli.says("org-auth-show-access-token", {"status": 0, "result": {"accessToken": f"{ORG}!shown"}})
    assert cli.ask().access_token == f"{ORG}!shown"
    assert [arguments for arguments, *_ in cli.calls] == [
        ["org", "display", "--json", "--target-org", "my-org"],
        ["org", "auth", "show-access-token", "--json", "--target-org", "my-org"],
    ]


def test_the_default_org_and_the_program_on_the_path(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.displays()
    monkeypatch.setenv("PATH", str(cli.path.parent), prepend=os.pathsep)
    assert asyncio.run(SfCliFlow()()).org_id == ORG
    assert cli.calls[0][0] == ["org", "display", "--json"]


def test_warnings_around_the_answer_do_no_harm(cli: Cli) -> None:
    cli.says("org-display", 'Warning: old\n{"status": 0, "result": {"accessToken": "abc"}}\nbye\n')
    assert cli.ask() == Grant(access_token="abc")


def test_a_program_that_is_missing() -> None:
    with pytest.raises(LoginMisconfiguredError, match="command 'no-such-sf' was not found: install the Salesforce CLI"):
        asyncio.run(SfCliFlow(command="no-such-sf")())


def test_a_program_that_cannot_be_run(tmp_path: Path) -> None:
    (tmp_path / "sf").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "sf").chmod(0o755)
    with pytest.raises(LoginMisconfiguredError, match="sf cannot be run: "):
        asyncio.run(SfCliFlow(command=str(tmp_path / "sf"))())


def test_an_org_in_which_nobody_is_logged_in(cli: Cli) -> None:
    answer = {"status": 1, "name": "NamedOrgNotFoundError", "message": "No authorization information found for my-org."}
    cli.says("org-display", answer, code=1)
    with pytest.raises(LoginRefusedError, match="No authorization information found for my-org") as caught:
        cli.ask()
    assert "sf org login web --alias my-org" in caught.value.advice


def test_a_login_that_is_stale(cli: Cli) -> None:
    cli.displays(None, connectedStatus="RefreshTokenAuthError")
    cli.says("org-auth-show-access-token", {"status": 0, "result": {}})
    with pytest.raises(
        LoginRefusedError, match="it gives no token: connected status: RefreshTokenAuthError; log in again"
    ):
        cli.ask()


@pytest.mark.parametrize(
    ("output", "code", "text"),
    [
        ("Segmentation fault", 139, "ended with code 139 and without an answer in JSON"),
        ("", 0, "ended with code 0"),
        ("{not json}", 1, "ended with code 1"),
        ("[1]", 1, "ended with code 1"),
        ({"status": 0, "result": []}, 0, "ended with code 0"),
        ({"status": 0, "result": {}}, 1, "ended with code 1"),
    ],
)
def test_an_answer_that_is_none(cli: Cli, output: Any, code: int, text: str) -> None:
    cli.says("org-display", output, code)
    with pytest.raises(LoginMisconfiguredError, match=text):
        cli.ask()


def test_what_is_printed_is_not_in_the_errors(cli: Cli) -> None:
    for output, code in (('{"result": {"accessToken": "s3cret"', 1), ("s3cret", 1), ('{"accessToken": "s3cret"}', 0)):
        cli.says("org-display", output, code)
        with pytest.raises(AuthError) as caught:
            cli.ask()
        assert "s3cret" not in text_of(caught.value)


def test_a_program_that_hangs_is_given_up(cli: Cli) -> None:
    cli.says("org-display", "", seconds=60)
    with pytest.raises(LoginUnreachableError, match=r"no answer within 0\.2 s"):
        cli.ask(timeout=0.2)


def test_a_token_that_was_refused_is_not_given_again(cli: Cli) -> None:
    async def scenario() -> None:
        flow = SfCliFlow("my-org", command=str(cli.path))
        cli.displays()
        grant = await flow()
        assert await flow() == grant  # nobody has refused it
        flow.refused(grant)
        with pytest.raises(LoginRefusedError, match="still gives the token that the server has refused") as caught:
            await flow()
        assert grant.access_token not in text_of(caught.value)
        cli.displays(f"{ORG}!fresh")
        assert (await flow()).access_token == f"{ORG}!fresh"

    asyncio.run(scenario())


@pytest.mark.parametrize("org", ["--verbose", "-x", "", "a b", "a;b", "a'b", "$(a)"])
def test_what_is_no_org_does_not_reach_a_command_line(org: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="neither an alias nor a user name"):
        SfCliFlow(org)


def test_it_may_be_asked_again_at_any_time() -> None:
    async def scenario() -> None:
        flow = SfCliFlow()
        assert await flow.credentials() != await flow.credentials()

    asyncio.run(scenario())


def test_it_says_which_org() -> None:
    assert repr(SfCliFlow("me+x@example.com")) == "SfCliFlow(me+x@example.com)"
    assert repr(SfCliFlow()) == "SfCliFlow(the default org)"
