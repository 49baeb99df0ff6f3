from __future__ import annotations

import json

import pytest

from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.stores.stored_token import LoginFacts, StoredToken, read_stored

FACTS = LoginFacts(
    at=1_795_968_483, user_id="005x", org_id="00Dx", scope="api", revocation_endpoint="https://id/revoke"
)


def test_a_token_is_read_as_it_was_written() -> None:
    read = read_stored(StoredToken("s3cret", "its origin", FACTS).dump(), "here")
    assert (read.token, read.origin, read.login) == ("s3cret", "its origin", FACTS)


def test_a_text_that_is_no_object_is_a_token() -> None:
    read = read_stored("s3cret", "here")
    assert (read.token, read.origin, read.login) == ("s3cret", None, None)


@pytest.mark.parametrize("login", [None, 1, {}, {"at": "x"}, []])
def test_a_token_works_without_what_is_known_of_its_login(login: object) -> None:
    read = read_stored(json.dumps({"refresh_token": "s3cret", "login": login}), "here")
    assert (read.token, read.login) == ("s3cret", None)


def test_members_of_other_versions_are_ignored() -> None:
    text = json.dumps({"refresh_token": "s3cret", "login": {"at": 1, "user_id": 5, "new": "x", "org_id": "00Dx"}})
    assert read_stored(text, "here").login == LoginFacts(at=1, org_id="00Dx")


@pytest.mark.parametrize("text", ["{", "{}", '{"refresh_token": ""}', '{"refresh_token": "a", "origin": 5}'])
def test_another_content_is_an_error_without_it(text: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="expected a refresh token in here"):
        read_stored(text, "here")


def test_the_facts_have_no_token() -> None:
    assert "s3cret" not in repr(StoredToken("s3cret", None, FACTS))
