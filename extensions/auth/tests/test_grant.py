from __future__ import annotations

from typing import Any

import pytest

from pybayeux_auth.grant import Grant, checked_token, grant_of, long_id

NOW = 1_700_000_000.0
SALESFORCE = {
    "access_token": "00D5e000001AbCdEAK!secret",
    "signature": "CMJ4l+CCaPQiKjoOEwEig9H4wqhpuLSk4J2urAe+fVg=",
    "scope": "cdp_api api refresh_token",
    "instance_url": "https://my-org.my.salesforce.com",
    "id": "https://login.salesforce.com/id/00D5e000001AbCdEAK/0055e000003XyZwAAK",
    "token_type": "Bearer",
    "issued_at": "1700000000123",
    "api_instance_url": "https://api.salesforce.com",
}


def test_grant_of_a_salesforce_response() -> None:
    assert grant_of(SALESFORCE, NOW + 5) == Grant(
        access_token="00D5e000001AbCdEAK!secret",
        token_type="Bearer",
        scope=("cdp_api", "api", "refresh_token"),
        instance_url="https://my-org.my.salesforce.com",
        org_id="00D5e000001AbCdEAK",
        user_id="0055e000003XyZwAAK",
        issued_at=1_700_000_000.123,
        expires_at=None,
        refresh_token=None,
    )


def test_grant_of_another_servers_response() -> None:
    answer = {"access_token": "abc", "token_type": "bearer", "expires_in": 3600, "refresh_token": "r", "scope": "a b"}
    assert grant_of(answer, NOW) == Grant(
        access_token="abc",
        token_type="bearer",
        scope=("a", "b"),
        issued_at=NOW,
        expires_at=NOW + 3600,
        refresh_token="r",
    )


@pytest.mark.parametrize(
    ("member", "value", "attribute", "expected"),
    [
        ("expires_in", "7200", "expires_at", NOW + 7200),
        ("expires_in", "soon", "expires_at", None),
        ("expires_in", True, "expires_at", None),
        ("expires_in", -1, "expires_at", None),
        ("expires_in", float("inf"), "expires_at", None),
        ("expires_in", [1], "expires_at", None),
        ("issued_at", 1_700_000_007, "issued_at", 1_700_000_007.0),
        ("issued_at", "nonsense", "issued_at", NOW),
        ("scope", 7, "scope", ()),
        ("token_type", None, "token_type", "Bearer"),
        ("id", "user-17", "org_id", None),
        ("id", {"a": 1}, "user_id", None),
        (
            "instance_url",
            "https://my-org.my.salesforce.com/path/?x",
            "instance_url",
            "https://my-org.my.salesforce.com",
        ),
        ("instance_url", "https://user:pass@host:8443/", "instance_url", "https://host:8443"),
        ("instance_url", "my-org", "instance_url", None),
        ("instance_url", 7, "instance_url", None),
        ("refresh_token", "", "refresh_token", None),
    ],
)
def test_members_of_the_wrong_type_are_ignored(member: str, value: Any, attribute: str, expected: Any) -> None:
    assert getattr(grant_of({"access_token": "abc", member: value}, NOW), attribute) == expected


@pytest.mark.parametrize("answer", [{}, {"access_token": None}, {"access_token": ["secret"]}])
def test_a_response_without_a_token_is_an_error(answer: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="token: expected text") as caught:
        grant_of(answer, NOW)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("token", ["", "  ", "top\nsecret", "top\x00secret"])
def test_an_invalid_token_is_an_error_that_hides_it(token: str) -> None:
    with pytest.raises(ValueError, match="without control characters") as caught:
        checked_token(token)
    assert "secret" not in str(caught.value)


def test_the_repr_hides_the_tokens() -> None:
    grant = Grant(access_token="s3cret", refresh_token="s3cret-too", org_id="00D1")
    assert "s3cret" not in f"{grant} {grant!r}"
    assert "00D1" in repr(grant)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001A0000006Vm9r", "001A0000006Vm9rIAC"),  # of Salesforce's own documents
        ("00D000000000062", "00D000000000062EAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
        ("00D000000000062EAA", "00D000000000062EAA"),
        ("short", "short"),
    ],
)
def test_long_id(short: str, long: str) -> None:
    assert long_id(short) == long
