from __future__ import annotations

from typing import Any

import jwt
import pytest

from pybayeux_salesforce_emulator.api.oauth.assertion import verify
from pybayeux_salesforce_emulator.api.oauth.errors import OAuthError
from pybayeux_salesforce_emulator.org.apps import App, Apps
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.credentials import key_pair
from pybayeux_salesforce_emulator.org.ids import Ids

NOW = 1_000_000.0
AUDIENCE = "http://login"


def _apps(*, key: bool = True) -> Apps:
    apps = Apps(Ids(0), OrgClock(lambda: NOW, 1))
    public = (lambda: key_pair().public) if key else None
    apps.add(App(client_id="app", client_secret="s", username="me", public_key=public))
    return apps


def _assertion(**changes: Any) -> str:
    claims = {"iss": "app", "sub": "me", "aud": AUDIENCE, "exp": int(NOW) + 180} | changes
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, key_pair().private, algorithm="RS256")


def test_app_and_user_of_an_assertion() -> None:
    app, username = verify(_assertion(), _apps(), [AUDIENCE, "http://domain"], NOW)
    assert (app.client_id, username) == ("app", "me")


def test_expiry_in_milliseconds_is_accepted() -> None:
    assert verify(_assertion(exp=int(NOW) * 1_000), _apps(), [AUDIENCE], NOW)


@pytest.mark.parametrize(
    ("assertion", "error", "description"),
    [
        ("", "invalid_grant", "invalid assertion"),
        ("a.b.c", "invalid_grant", "invalid assertion"),
        (_assertion(iss="other"), "invalid_client_id", "client identifier invalid"),
        (_assertion(aud="http://elsewhere"), "invalid_grant", "audience is invalid"),
        (_assertion(aud=None), "invalid_grant", "invalid assertion"),
        (_assertion(sub=None), "invalid_grant", "invalid assertion"),
        (_assertion(exp=int(NOW)), "invalid_grant", "expired authorization code"),
        (_assertion() + "x", "invalid_grant", "invalid assertion"),
        (jwt.encode({"iss": "app"}, "x" * 32, algorithm="HS256"), "invalid_grant", "invalid assertion"),
    ],
)
def test_invalid_assertions_are_refused(assertion: str, error: str, description: str) -> None:
    with pytest.raises(OAuthError) as refused:
        verify(assertion, _apps(), [AUDIENCE], NOW)
    assert (refused.value.error, refused.value.description) == (error, description)


def test_an_app_without_a_key() -> None:
    with pytest.raises(OAuthError, match="invalid_client"):
        verify(_assertion(), _apps(key=False), [AUDIENCE], NOW)
