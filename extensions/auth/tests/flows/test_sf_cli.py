from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest

from extensions.auth.tests.error_texts import text_of
from extensions.auth.tests.fake_sf import FakeCli
from extensions.auth.tests.login_server import ORG
from pybayeux_auth import AuthError, Grant, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError, SfCliFlow

if TYPE_CHECKING:
    from pathlib import Path

REDACTED = "[REDACTED] Use 'sf org auth show-access-token' to view"


@pytest.fixture
def cli(tmp_path: Path) -> FakeCli:
    return FakeCli(tmp_path)


def test_the_token_of_an_org(cli: FakeCli) -> None:
    cli.displays()
    assert cli.log_in() == Grant(
        access_token=f"{ORG}!token", instance_url="https://my-org.my.salesforce.com", org_id=ORG
    )
    assert cli.calls == [[["org", "display", "--json", "--target-org", "my-org"], "1", ""]]


def test_a_hidden_token_is_requested_separately(cli: FakeCli) -> None:
    cli.displays(REDACTED)
    cli.prints("org-auth-show-access-token", {"status": 0, "result": {"accessToken": f"{ORG}!shown"}})
    assert cli.log_in().access_token == f"{ORG}!shown"
    assert [arguments for arguments, *_ in cli.calls] == [
        ["org", "display", "--json", "--target-org", "my-org"],
        ["org", "auth", "show-access-token", "--json", "--target-org", "my-org"],
    ]


def test_the_default_org_with_the_program_on_the_path(cli: FakeCli, monkeypatch: pytest.MonkeyPatch) -> None:
    cli.displays()
    monkeypatch.setenv("PATH", str(cli.path.parent), prepend=os.pathsep)
    assert asyncio.run(SfCliFlow()()).org_id == ORG
    assert cli.calls[0][0] == ["org", "display", "--json"]


def test_warnings_around_the_json_are_ignored(cli: FakeCli) -> None:
    cli.prints("org-display", 'Warning: old\n{"status": 0, "result": {"accessToken": "abc"}}\nbye\n')
    assert cli.log_in() == Grant(access_token="abc")


def test_a_missing_program_is_an_error() -> None:
    with pytest.raises(LoginMisconfiguredError, match="command 'no-such-sf' was not found; install the Salesforce CLI"):
        asyncio.run(SfCliFlow(command="no-such-sf")())


def test_a_program_that_cannot_be_run_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "sf").write_bytes(b"\x7fELF nonsense")
    (tmp_path / "sf").chmod(0o755)
    with pytest.raises(LoginMisconfiguredError, match="sf cannot be run: "):
        asyncio.run(SfCliFlow(command=str(tmp_path / "sf"))())


def test_an_org_without_a_login_is_refused(cli: FakeCli) -> None:
    answer = {"status": 1, "name": "NamedOrgNotFoundError", "message": "No authorization information found for my-org."}
    cli.prints("org-display", answer, code=1)
    with pytest.raises(LoginRefusedError, match="No authorization information found for my-org") as caught:
        cli.log_in()
    assert "sf org login web --alias my-org" in caught.value.advice


def test_a_stale_login_is_refused(cli: FakeCli) -> None:
    cli.displays(None, connectedStatus="RefreshTokenAuthError")
    cli.prints("org-auth-show-access-token", {"status": 0, "result": {}})
    with pytest.raises(
        LoginRefusedError, match="it returned no token: connected status: RefreshTokenAuthError; log in again"
    ):
        cli.log_in()


@pytest.mark.parametrize(
    ("output", "code", "text"),
    [
        ("Segmentation fault", 139, "expected JSON; it printed none and ended with code 139"),
        ("", 0, "ended with code 0"),
        ("{not json}", 1, "ended with code 1"),
        ("[1]", 1, "ended with code 1"),
        ({"status": 0, "result": []}, 0, "ended with code 0"),
        ({"status": 0, "result": {}}, 1, "ended with code 1"),
    ],
)
def test_output_without_json_is_an_error(cli: FakeCli, output: Any, code: int, text: str) -> None:
    cli.prints("org-display", output, code)
    with pytest.raises(LoginMisconfiguredError, match=text):
        cli.log_in()


def test_errors_contain_no_output(cli: FakeCli) -> None:
    for output, code in (('{"result": {"accessToken": "s3cret"', 1), ("s3cret", 1), ('{"accessToken": "s3cret"}', 0)):
        cli.prints("org-display", output, code)
        with pytest.raises(AuthError) as caught:
            cli.log_in()
        assert "s3cret" not in text_of(caught.value)


def test_a_hanging_program_times_out(cli: FakeCli) -> None:
    cli.prints("org-display", "", seconds=60)
    with pytest.raises(LoginUnreachableError, match=r"no answer within 0\.2 s"):
        cli.log_in(timeout=0.2)


def test_a_refused_token_is_not_returned_again(cli: FakeCli) -> None:
    async def scenario() -> None:
        flow = SfCliFlow("my-org", command=str(cli.path))
        cli.displays()
        grant = await flow()
        assert await flow() == grant  # no server refused it
        flow.refused(grant)
        with pytest.raises(LoginRefusedError, match="still returns the token that the server refused") as caught:
            await flow()
        assert grant.access_token not in text_of(caught.value)
        cli.displays(f"{ORG}!fresh")
        assert (await flow()).access_token == f"{ORG}!fresh"

    asyncio.run(scenario())


@pytest.mark.parametrize("org", ["--verbose", "-x", "", "a b", "a;b", "a'b", "$(a)"])
def test_an_invalid_org_is_an_error(org: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="expected an alias or a user name"):
        SfCliFlow(org)


def test_credentials_differ_at_each_call() -> None:
    async def scenario() -> None:
        flow = SfCliFlow()
        assert await flow.credentials() != await flow.credentials()

    asyncio.run(scenario())


def test_the_repr_shows_the_org() -> None:
    assert repr(SfCliFlow("me+x@example.com")) == "SfCliFlow(me+x@example.com)"
    assert repr(SfCliFlow()) == "SfCliFlow(the default org)"
