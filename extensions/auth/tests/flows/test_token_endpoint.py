from __future__ import annotations

import asyncio
import ssl
import time
from base64 import b64encode
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from extensions.auth.tests.error_texts import text_of
from extensions.auth.tests.login_server import CLIENT_ID, CLIENT_SECRET, Answer, LoginServer, serving
from pybayeux_auth import AuthError, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from pybayeux_auth.flows.app import App
from pybayeux_auth.flows.token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from pybayeux_auth import Grant

URL = "https://login.salesforce.com"
APP = App(CLIENT_ID, CLIENT_SECRET)


def ask(server: LoginServer, app: App = APP, **fields: str) -> Grant:
    return asyncio.run(TokenEndpoint(URL, http=server.http()).request_token("client_credentials", app, **fields))


def failure(server: LoginServer, *answers: Answer | Exception, app: App = APP, **fields: str) -> AuthError:
    server.script.extend(answers)
    with pytest.raises(AuthError) as caught:
        ask(server, app, **fields)
    return caught.value


# -- the request


def test_client_secret_post() -> None:
    server = LoginServer()
    ask(server, scope="api web")
    assert server.requests == [
        {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "scope": "api web"}
    ]
    assert server.headers[0]["content-type"] == "application/x-www-form-urlencoded"
    assert server.headers[0]["accept"] == "application/json"
    assert "authorization" not in server.headers[0]


def test_client_secret_basic() -> None:
    server = LoginServer()
    ask(server, App(CLIENT_ID, CLIENT_SECRET, "client_secret_basic"))
    assert server.requests == [{"grant_type": "client_credentials"}]
    expected = b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
    assert server.headers[0]["authorization"] == f"Basic {expected}"


def test_an_app_without_a_secret_sends_its_id() -> None:
    server = LoginServer()
    server.script.append(Answer({"access_token": "abc"}))
    ask(server, App(CLIENT_ID))
    assert server.requests == [{"grant_type": "client_credentials", "client_id": CLIENT_ID}]


def test_secrets_with_special_characters_are_encoded() -> None:
    server = LoginServer()
    server.script.append(Answer({"access_token": "abc"}))
    ask(server, App(CLIENT_ID, "a&b=c+d%20 ü€'\""), password="p/ä;\\")
    assert server.requests[0]["client_secret"] == "a&b=c+d%20 ü€'\""
    assert server.requests[0]["password"] == "p/ä;\\"


def test_client_secret_basic_requires_latin_characters() -> None:
    with pytest.raises(LoginMisconfiguredError, match="expected Latin characters") as caught:
        ask(LoginServer(), App(CLIENT_ID, "secret€", "client_secret_basic"))
    assert "secret€" not in str(caught.value)


def test_the_users_client_stays_open_and_adds_no_credentials() -> None:
    async def scenario() -> None:
        server = LoginServer()
        http = server.http()
        http.auth = httpx.BasicAuth("somebody", "else")
        endpoint = TokenEndpoint(URL, http=http)
        await endpoint.request_token("client_credentials", APP)
        await endpoint.request_token("client_credentials", APP)
        assert not http.is_closed
        assert not [each for each in server.headers if "authorization" in each]
        await http.aclose()

    asyncio.run(scenario())


def test_a_new_client_is_used_by_default() -> None:
    server = LoginServer()
    with serving(server) as url:
        grant = asyncio.run(TokenEndpoint(url).request_token("client_credentials", APP))
    assert [grant.access_token] == server.issued


# -- the response


def test_the_lifetime_counts_from_the_response() -> None:
    server = LoginServer(lifetime=60)
    endpoint = TokenEndpoint(URL, http=server.http(), clock=lambda: 1_000.0)
    assert asyncio.run(endpoint.request_token("client_credentials", APP)).expires_at == 1_060.0


def test_refused_credentials_have_advice() -> None:
    error = failure(LoginServer(), app=App(CLIENT_ID, "wr0ng-secret"))
    assert isinstance(error, LoginRefusedError)
    assert (error.where, error.error) == (URL, "invalid_client")
    assert "the client_secret does not belong to this client_id" in str(error)
    assert "invalid client credentials ***" in str(error)
    assert "wr0ng-secret" not in text_of(error)


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (Answer({"error": "invalid_scope", "error_description": "x"}, 400), LoginMisconfiguredError, "this scope"),
        (Answer({"error": "unsupported_grant_type"}, 400), LoginMisconfiguredError, "not enabled"),
        (Answer({"error": "unknown_error", "error_description": "retry"}, 400), LoginUnreachableError, "unknown_error"),
        (Answer({"error": "invalid_grant"}, 503), LoginUnreachableError, "invalid_grant"),
        (Answer("<html>busy</html>", 503), LoginUnreachableError, "HTTP 503"),
        (Answer("slow down", 429), LoginUnreachableError, "HTTP 429"),
        (Answer("<html>no</html>", 404), LoginMisconfiguredError, "returned HTTP 404"),
        (Answer("", 302, {"Location": "https://elsewhere.example.com/x"}), LoginMisconfiguredError, "elsewhere"),
        (Answer("", 302), LoginMisconfiguredError, "redirects to nowhere"),
        (Answer("<html>login</html>"), LoginMisconfiguredError, "expected a token endpoint"),
        (Answer(["a", "list"]), LoginMisconfiguredError, "expected a token endpoint"),
        (Answer({"access_token": ""}), LoginMisconfiguredError, "expected a token endpoint"),
        (Answer({"error": 7}, 400), LoginMisconfiguredError, "HTTP 400"),
        (httpx.ConnectError("no route to host"), LoginUnreachableError, "ConnectError: no route to host"),
        (httpx.ReadTimeout(""), LoginUnreachableError, "ReadTimeout"),
        (RuntimeError("some other library's error"), LoginUnreachableError, "some other library"),
    ],
)
def test_error_class_of_other_responses(answer: Answer | Exception, kind: type[AuthError], text: str) -> None:
    server = LoginServer()
    error = failure(server, answer)
    assert type(error) is kind
    assert text in str(error)
    assert URL in str(error)
    assert len(server.requests) == 1
    assert CLIENT_SECRET not in text_of(error)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", 120.0),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 1.0),
        ("Aaa, 0 Nov 0 00:00:00 -02400000000000", 1.0),
        ("soon", 1.0),
        (None, 1.0),
    ],
)
def test_retry_after_header(header: str | None, expected: float) -> None:
    headers = {} if header is None else {"Retry-After": header}
    assert failure(LoginServer(), Answer("busy", 503, headers)).retry_after == expected
    assert failure(LoginServer(), Answer({"error": "slow_down"}, 400, headers)).retry_after == expected


def test_retry_after_with_a_date() -> None:
    moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 100))
    assert 90 < failure(LoginServer(), Answer("busy", 503, {"Retry-After": moment})).retry_after <= 100


def test_a_long_description_is_shortened_to_one_line() -> None:
    story = "it\nwas " * 1_000
    error = failure(LoginServer(), Answer({"error": "invalid_grant", "error_description": story}, 400))
    assert "\n" not in str(error)
    assert len(str(error)) < 500


@pytest.mark.parametrize("secret", ["password", "refresh_token", "assertion"])
def test_secrets_in_the_response_are_redacted(secret: str) -> None:
    value: Any = "t0p-s3cret"
    answer = Answer({"error": f"bad {value}", "error_description": f"not {value}!"}, 400)
    error = failure(LoginServer(), answer, **{secret: value})
    assert value not in text_of(error)
    assert "bad ***: not ***!" in str(error)


def test_a_certificate_that_fails_is_final_until_the_server_has_answered() -> None:
    answers = iter((False, True, False))

    async def answer(request: httpx.Request) -> httpx.Response:
        if next(answers):
            return httpx.Response(200, json={"access_token": "abc"})
        refused = ssl.SSLCertVerificationError(1, "certificate verify failed")
        refused.verify_message = "self-signed certificate"
        raise httpx.ConnectError("certificate verify failed") from refused

    async def scenario() -> list[bool | None]:
        endpoint = TokenEndpoint(URL)
        endpoint.use_http(httpx.AsyncClient(transport=httpx.MockTransport(answer)))
        outcomes: list[bool | None] = []
        for fails in (True, False, True):
            expected = pytest.raises(LoginUnreachableError, match="self-signed certificate; SSL_CERT_FILE")
            with expected if fails else nullcontext() as caught:
                await endpoint.request_token("client_credentials", App(CLIENT_ID, CLIENT_SECRET))
            outcomes.append(None if caught is None else caught.value.can_retry)
        return outcomes

    assert asyncio.run(scenario()) == [False, None, True]
