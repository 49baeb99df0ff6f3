from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import Org, OrgClient, cause, error
from pybayeux_salesforce_emulator.streaming.authentication import token_of


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer 00D!x", "00D!x"),
        ("OAuth 00D!x", "00D!x"),
        ("bearer   00D!x ", "00D!x"),
        ("00D!x", "00D!x"),
        ("Bearer", None),
        ("Bearer ", None),
        ("", None),
        (None, None),
    ],
)
def test_forms_of_the_authorization_header(header: str | None, token: str | None) -> None:
    assert token_of(header) == token


@pytest.mark.parametrize(
    ("token", "why"),
    [("dead", "401::Authentication invalid"), (None, "401::Request requires authentication")],
)
def test_denied_handshake_has_its_cause_in_ext(token: str | None, why: str) -> None:
    client = OrgClient()
    client.token = token
    assert client.handshake(id="1") == {
        "ext": {"sfdc": {"failureReason": why}, "replay": True, "payload.format": True},
        "advice": {"reconnect": "none"},
        "error": "403::Handshake denied",
        "successful": False,
        "channel": "/meta/handshake",
        "id": "1",
    }


@pytest.mark.parametrize("how", ["revoke", "expire"])
def test_token_revoked_during_a_held_connect(how: str) -> None:
    client = OrgClient().join()
    context = client.hold(id="7")
    woken: list[int] = []
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    assert getattr(client.org, how)() == 1
    assert woken == [1]
    assert client.end(context) == [
        {
            "clientId": client.client_id,
            "advice": {"reconnect": "none", "interval": 0},
            "channel": "/meta/connect",
            "id": "7",
            "error": "401::Authentication invalid",
            "successful": False,
        }
    ]


def test_the_session_outlives_the_token() -> None:
    client = OrgClient().join()
    client.org.revoke()
    assert error(client.connect()[0]) == "401::Authentication invalid"
    client.token = client.org.issue_token()
    assert client.connect()[0]["successful"]


def test_a_token_may_change_within_a_session() -> None:
    client = OrgClient().join()
    client.token = client.org.issue_token()
    assert client.connect()[0]["successful"]


def test_without_a_header() -> None:
    client = OrgClient().join()
    client.token = None
    assert error(client.connect()[0]) == "401::Request requires authentication"


def test_another_users_token() -> None:
    client = OrgClient().join()
    client.org.add_user("you@example.com", "x")
    client.token = client.org.issue_token("you@example.com")
    assert error(client.connect()[0]) == "400::Authenticated user id does not match the session's user id"


def test_validate_interval() -> None:
    client = OrgClient(validate_interval=300, max_interval=1000).join()
    context = client.hold()
    client.org.revoke()
    assert client.end(context)[0]["successful"]
    client.org.advance(299)
    assert client.connect()[0]["successful"]
    client.org.advance(1)
    assert error(client.connect()[0]) == "401::Authentication invalid"


def test_using_a_session_extends_its_token() -> None:
    client = OrgClient(token_lifetime=100, max_interval=90).join()
    for _ in range(5):
        client.org.advance(80)
        assert client.connect()[0]["successful"]


def test_a_token_that_expires_while_a_connect_is_held() -> None:
    client = OrgClient(token_lifetime=50).join()
    context = client.hold()
    woken: list[Any] = []
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    client.org.advance(49)
    assert woken == []
    client.org.advance(1)
    assert woken == [1]
    assert error(client.end(context)[0]) == "401::Authentication invalid"


def test_cause_is_in_ext_only() -> None:
    assert cause(OrgClient().handshake()) is None


def test_session_belongs_to_the_user_of_its_token() -> None:
    org = Org()
    OrgClient(org).join()
    assert [session.username for session in org.sessions] == [org.credentials.username]
