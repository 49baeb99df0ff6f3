from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import RSAKey

from extensions.auth.tests.error_texts import text_of
from extensions.auth.tests.login_server import CLIENT_ID, ORG, USERNAME, LoginServer, key_pair
from pybayeux_auth import JwtBearerFlow, LoginMisconfiguredError, LoginRefusedError

if TYPE_CHECKING:
    from pybayeux_auth.secret import SecretSource

NOW = 1_700_000_000.0


def flow_of(server: LoginServer, private_key: SecretSource | None = None, **options: Any) -> JwtBearerFlow:
    given: dict[str, Any] = {
        "client_id": CLIENT_ID,
        "username": USERNAME,
        "http": server.http(),
        "clock": lambda: NOW,
    } | options
    return JwtBearerFlow(private_key=key_pair()[0] if private_key is None else private_key, **given)


def claims_of(assertion: str) -> dict[str, Any]:
    token = jwt.decode(assertion, RSAKey.import_key(key_pair()[1]), algorithms=["RS256"])
    assert token.header["alg"] == "RS256"
    return dict(token.claims)


def test_a_signed_assertion_logs_in() -> None:
    server = LoginServer(clock=lambda: NOW)
    grant = asyncio.run(flow_of(server)())
    assert grant.org_id == ORG
    assert [grant.access_token] == server.issued
    [request] = server.requests
    assert request.keys() == {"grant_type", "assertion"}
    claims = claims_of(request["assertion"])
    assert claims.pop("jti")
    assert claims == {
        "iss": CLIENT_ID,
        "sub": USERNAME,
        "aud": "https://login.salesforce.com",
        "iat": NOW,
        "exp": NOW + 180,
    }


def test_each_login_signs_a_new_assertion() -> None:
    async def scenario() -> None:
        server = LoginServer(clock=lambda: NOW)
        flow = flow_of(server)
        await flow()
        await flow()
        first, second = (request["assertion"] for request in server.requests)
        assert first != second

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("options", "audience"),
    [
        ({"login_url": "https://test.salesforce.com"}, "https://test.salesforce.com"),
        ({"login_url": "https://my-org.my.salesforce.com/"}, "https://my-org.my.salesforce.com"),
        ({"login_url": "https://my-org.my.salesforce.com", "audience": "https://login.salesforce.com"},
         "https://login.salesforce.com"),
        ({"login_url": "https://id.example.com/services/oauth2/token"}, "https://id.example.com/services/oauth2/token"),
    ],
)  # fmt: skip
def test_the_audience_of_an_assertion(options: dict[str, str], audience: str) -> None:
    server = LoginServer(clock=lambda: NOW)
    server.audience = audience
    asyncio.run(flow_of(server, scope="api", **options)())
    assert claims_of(server.requests[0]["assertion"])["aud"] == audience
    assert server.requests[0]["scope"] == "api"


def test_a_key_in_a_file_and_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "server.key"
    path.write_text(key_pair()[0])
    sources: list[SecretSource] = [path, f"file:{path}", key_pair()[0].replace("\n", "\\n"), path.read_text]
    for source in sources:
        server = LoginServer(clock=lambda: NOW)
        assert asyncio.run(flow_of(server, source)()).access_token


def _ec_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()


@pytest.mark.parametrize(
    "key", ["hunter2-is-no-key", key_pair()[1], _ec_key(), "-----BEGIN PRIVATE KEY-----\nhunter2\n"]
)
def test_an_invalid_key_is_an_error_that_hides_it(key: str) -> None:
    server = LoginServer(clock=lambda: NOW)
    with pytest.raises(LoginMisconfiguredError, match="expected an RSA private key in PEM") as caught:
        asyncio.run(flow_of(server, key)())
    assert not server.requests
    for line in key.splitlines():
        assert line.startswith("-----") or line not in text_of(caught.value)


def test_the_name_of_a_file_as_the_key_is_told() -> None:
    with pytest.raises(LoginMisconfiguredError, match="given as file:PATH"):
        asyncio.run(flow_of(LoginServer(clock=lambda: NOW), "server.key")())
    with pytest.raises(LoginMisconfiguredError) as caught:
        asyncio.run(flow_of(LoginServer(clock=lambda: NOW), _ec_key())())
    assert "file:PATH" not in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "advice"),
    [
        ({"username": "nobody@example.com"}, "username or audience is wrong"),
        ({"client_id": "another app"}, "the private key does not match the app's certificate"),
        ({"private_key": key_pair(2)[0]}, "the private key does not match the app's certificate"),
        ({"audience": "https://example.com"}, "audience: expected the login server"),
    ],
)
def test_a_refusal_has_advice(spoil: dict[str, Any], advice: str) -> None:
    server = LoginServer(clock=lambda: NOW)
    with pytest.raises(LoginRefusedError, match="invalid_grant") as caught:
        asyncio.run(flow_of(server, **spoil)())
    assert advice in caught.value.advice
    assert server.requests[0]["assertion"] not in text_of(caught.value)


def test_an_app_without_approval() -> None:
    server = LoginServer(clock=lambda: NOW)
    server.is_approved = False
    with pytest.raises(LoginRefusedError, match="user hasn't approved this consumer; authorise the app once"):
        asyncio.run(flow_of(server)())


@pytest.mark.parametrize(("off", "words"), [(400.0, "400 s ahead of"), (-400.0, "400 s behind")])
def test_a_wrong_clock_is_mentioned(off: float, words: str) -> None:
    server = LoginServer(clock=lambda: NOW)
    with pytest.raises(LoginRefusedError, match=f"this machine's clock is {words} the server's"):
        asyncio.run(flow_of(server, clock=lambda: NOW + off)())


def test_the_credentials_are_the_key_and_the_claims() -> None:
    server = LoginServer()
    variants = [{}, {"private_key": key_pair(2)[0]}, {"username": "b"}, {"client_id": "b"}, {"audience": "b"}]
    made = [asyncio.run(flow_of(server, **each).credentials()) for each in variants]
    assert len(set(made)) == len(made)
    assert made[0] == asyncio.run(flow_of(server).credentials())


def test_the_repr_hides_secrets() -> None:
    shown = repr(flow_of(LoginServer()))
    assert "PRIVATE" not in shown
    assert shown == f"JwtBearerFlow({USERNAME} at https://login.salesforce.com, private_key=***)"
    assert "file:server.key" in repr(flow_of(LoginServer(), Path("server.key")))
