from __future__ import annotations

from typing import Any

import jwt
import pytest

from emulator_support.org_client import Org
from pybayeux_salesforce_emulator.api.oauth.errors import OAuthError
from pybayeux_salesforce_emulator.api.oauth.grants import JWT_BEARER, Grants, TokenEndpoint

LOGIN, DOMAIN = "http://login", "http://domain"
HERE = TokenEndpoint(DOMAIN, LOGIN, at_login_host=False)


def _ask(org: Org, /, *elsewhere: TokenEndpoint, **form: str) -> Any:
    [endpoint] = elsewhere or (HERE,)
    return Grants(org.state).answer(form, endpoint)


def _app(org: Org) -> dict[str, str]:
    credentials = org.credentials
    return {"client_id": credentials.client_id, "client_secret": credentials.client_secret}


def _refusal(org: Org, /, *elsewhere: TokenEndpoint, **form: str) -> tuple[str, str]:
    with pytest.raises(OAuthError) as refused:
        _ask(org, *elsewhere, **form)
    return refused.value.error, refused.value.description


def _with_password(org: Org, password: str | None = None) -> dict[str, str]:
    credentials = org.credentials
    form = {"grant_type": "password", "username": credentials.username}
    return _app(org) | form | {"password": password or credentials.password}


def test_token_response() -> None:
    org = Org()
    answer = _ask(org, **_with_password(org))
    user = org.state.users.known[org.credentials.username]
    assert set(answer) == {"access_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at"}
    assert answer["access_token"].startswith(f"{org.org_id[:15]}!")
    assert answer["instance_url"] == DOMAIN
    assert answer["id"] == f"{LOGIN}/id/{org.org_id}/{user.user_id}"
    assert answer["token_type"] == "Bearer"
    assert int(answer["issued_at"]) == round(org.now * 1000)
    assert org.state.tokens.find(answer["access_token"]) is not None
    assert org.logins == 1


def test_a_wrong_password() -> None:
    org = Org(lock_after=2)
    wrong = ("invalid_grant", "authentication failure")
    assert _refusal(org, **_with_password(org, "wrong")) == wrong
    assert _refusal(org, **_with_password(org, "wrong")) == wrong
    assert _refusal(org, **_with_password(org)) == wrong
    assert org.locked_out == (org.credentials.username,)
    assert (org.logins, len(org.login_history)) == (0, 3)
    assert org.login_history[0].error == "invalid_grant: authentication failure"


def test_client_credentials_need_my_domain() -> None:
    org = Org()
    form = {"grant_type": "client_credentials", **_app(org)}
    assert _ask(org, **form)["access_token"]
    elsewhere = TokenEndpoint(DOMAIN, LOGIN, at_login_host=True)
    assert _refusal(org, elsewhere, **form) == ("invalid_grant", "request not supported on this domain")


def test_a_public_app_has_no_credentials() -> None:
    org = Org()
    org.add_app("public")
    form = {"grant_type": "client_credentials", "client_id": "public"}
    assert _refusal(org, **form) == ("invalid_grant", "no client credentials user enabled")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"client_id": "other"}, ("invalid_client_id", "client identifier invalid")),
        ({"client_secret": "other"}, ("invalid_client", "invalid client credentials")),
        ({"grant_type": "token_exchange"}, ("unsupported_grant_type", "grant type not supported")),
        ({"grant_type": ""}, ("unsupported_grant_type", "grant type not supported")),
    ],
)
def test_unknown_app_secret_and_grant_type(changes: dict[str, str], refusal: tuple[str, str]) -> None:
    org = Org()
    assert _refusal(org, **({"grant_type": "client_credentials"} | _app(org) | changes)) == refusal


def test_refreshing() -> None:
    org = Org()
    form = {"grant_type": "refresh_token", "refresh_token": org.credentials.refresh_token, **_app(org)}
    assert "refresh_token" not in _ask(org, **form)
    assert _ask(org, **form)["access_token"]
    wrong = form | {"refresh_token": "x"}
    assert _refusal(org, **wrong) == ("invalid_grant", "expired access/refresh token")


@pytest.mark.parametrize("by", ["org", "app"])
def test_refreshing_with_rotation(by: str) -> None:
    org = Org(rotate_refresh_tokens=by == "org")
    old = org.add_app("mine", "secret", rotate=by == "app")
    form = {"grant_type": "refresh_token", "client_id": "mine", "client_secret": "secret"}
    answer = _ask(org, refresh_token=old, **form)
    assert answer["refresh_token"] != old
    assert answer["scope"] == "refresh_token api"
    assert _refusal(org, refresh_token=old, **form)[1] == "expired access/refresh token"
    assert _ask(org, refresh_token=answer["refresh_token"], **form)["access_token"]


def test_another_apps_refresh_token() -> None:
    org = Org()
    other = org.add_app("mine", "secret")
    assert _refusal(org, grant_type="refresh_token", refresh_token=other, **_app(org))[0] == "invalid_grant"


def _assertion(org: Org, **changes: Any) -> dict[str, str]:
    credentials = org.credentials
    claims = {"iss": credentials.client_id, "sub": credentials.username, "aud": LOGIN, "exp": org.clock.now + 180}
    return {
        "grant_type": JWT_BEARER,
        "assertion": jwt.encode(claims | changes, credentials.private_key, algorithm="RS256"),
    }


@pytest.mark.parametrize("audience", [LOGIN, DOMAIN, "https://login.salesforce.com", "https://test.salesforce.com"])
def test_a_signed_assertion(audience: str) -> None:
    org = Org()
    answer = _ask(org, **_assertion(org, aud=audience))
    assert "refresh_token" not in answer


def test_assertion_expires_in_real_time() -> None:
    org = Org(time_scale=1000)
    org.advance(10_000)
    assert _ask(org, **_assertion(org))["access_token"]
    assert _refusal(org, **_assertion(org, exp=org.clock.now - 1))[1] == "expired authorization code"


def test_user_who_has_not_approved_the_app() -> None:
    org = Org()
    refusal = _refusal(org, **_assertion(org, sub="other@example.com"))
    assert refusal == ("invalid_grant", "user hasn't approved this consumer")


def test_code_can_be_used_once() -> None:
    org = Org()
    app = org.state.apps.known[org.credentials.client_id]
    code = org.state.apps.issue_code(app, "http://back", None)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://back", **_app(org)}
    answer = _ask(org, **form)
    assert _ask(org, grant_type="refresh_token", refresh_token=answer["refresh_token"], **_app(org))
    assert _refusal(org, **form) == ("invalid_grant", "expired authorization code")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"redirect_uri": "http://other"}, ("redirect_uri_mismatch", "redirect_uri must match configuration")),
        ({"code_verifier": "wrong"}, ("invalid_grant", "invalid code verifier")),
        ({"code": "wrong"}, ("invalid_grant", "expired authorization code")),
    ],
)
def test_codes_that_are_not_redeemed(changes: dict[str, str], refusal: tuple[str, str]) -> None:
    org = Org()
    org.add_app("public")
    # RFC 7636, appendix B.
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    form = {"grant_type": "authorization_code", "client_id": "public", "redirect_uri": "http://back"}
    code = org.state.apps.issue_code(org.state.apps.known["public"], "http://back", challenge)
    assert _refusal(org, **({"code": code, "code_verifier": verifier} | form | changes)) == refusal
    code = org.state.apps.issue_code(org.state.apps.known["public"], "http://back", challenge)
    assert _ask(org, **({"code": code, "code_verifier": verifier} | form))["access_token"]


def test_app_may_have_its_own_token_lifetime() -> None:
    org = Org()
    org.add_app("mine", "secret", token_lifetime=10)
    answer = _ask(org, grant_type="client_credentials", client_id="mine", client_secret="secret")
    org.advance(10)
    assert org.state.tokens.find(answer["access_token"]) is None
