from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from extensions.auth.tests.login_server import Answer, LoginServer
from pybayeux_auth import LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from pybayeux_auth.flows.app import App
from pybayeux_auth.flows.token_endpoint import TokenEndpoint
from pybayeux_auth.login.endpoints import Endpoints
from pybayeux_auth.login.web_server_flow import log_in_with_browser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pybayeux_auth import Grant

ENDPOINTS = Endpoints(login_url="https://id/token", authorization="https://id/authorize?tenant=1", issuer="https://id")


class Run:
    """A login whose browser comes back with these parameters."""

    def __init__(self, server: LoginServer, answer: Mapping[str, str], endpoints: Endpoints = ENDPOINTS) -> None:
        self.asked: dict[str, str] = {}
        self._server = server
        self._answer = answer
        self._endpoints = endpoints

    def __call__(self, scope: str | None = None) -> Grant:
        return asyncio.run(self._log_in(scope))

    async def _log_in(self, scope: str | None) -> Grant:
        async with self._server.http() as http:
            return await log_in_with_browser(
                App("mine"),
                TokenEndpoint(self._endpoints.login_url, http=http),
                self._endpoints,
                redirect_uri="http://127.0.0.1:0/callback",
                scope=scope,
                timeout=30,
                show=self._show,
            )

    def _show(self, address: str, redirect_uri: str) -> None:
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert self.asked["redirect_uri"] == redirect_uri
        query = {"state": self.asked["state"], **self._answer}
        self._coming = asyncio.ensure_future(asyncio.to_thread(self._come_back, redirect_uri, query))

    def _come_back(self, redirect_uri: str, query: Mapping[str, str]) -> None:
        httpx.get(redirect_uri, params=query, trust_env=False)


@pytest.mark.parametrize("answer", [{"code": "c"}, {"code": "c", "iss": "https://id"}])
def test_what_is_asked_and_sent(answer: dict[str, str]) -> None:
    server = LoginServer()
    server.script.append(Answer({"access_token": "token", "refresh_token": "refresh"}))
    run = Run(server, answer)
    assert run(scope="a b").refresh_token == "refresh"
    assert run.asked["tenant"] == "1"
    assert (run.asked["response_type"], run.asked["client_id"], run.asked["scope"]) == ("code", "mine", "a b")
    assert run.asked["code_challenge_method"] == "S256"
    [sent] = server.requests
    assert 43 <= len(sent.pop("code_verifier")) <= 128  # RFC 7636, section 4.1
    assert sent == {
        "grant_type": "authorization_code",
        "client_id": "mine",
        "code": "c",
        "redirect_uri": run.asked["redirect_uri"],
    }


def test_state_and_verifier_are_new_each_time() -> None:
    server = LoginServer()
    server.script.extend([Answer({"access_token": "token"})] * 2)
    runs = [Run(server, {"code": "c"}) for _ in range(2)]
    for run in runs:
        run()
    assert "scope" not in runs[0].asked
    assert runs[0].asked["state"] != runs[1].asked["state"]
    assert server.requests[0]["code_verifier"] != server.requests[1]["code_verifier"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"code": "c", "iss": "https://evil"}, "the answer is that of another server"),
        ({"error": "access_denied"}, "access_denied; the request was denied"),
        ({"error": "access-denied"}, "the request was denied"),
        ({"error": "odd", "error_description": "a\nb  c"}, "was refused: odd: a b c$"),
    ],
)
def test_answers_that_are_refusals(answer: dict[str, str], error: str) -> None:
    server = LoginServer()
    with pytest.raises(LoginRefusedError, match=error):
        Run(server, answer)()
    assert server.requests == []


def test_a_code_that_is_refused_is_not_shown() -> None:
    server = LoginServer()
    refusal = {"error": "invalid_grant", "error_description": "expired authorization code c0de"}
    server.script.append(Answer(refusal, 400))
    with pytest.raises(LoginRefusedError, match=r"code \*\*\*; the code is not valid any more") as refused:
        Run(server, {"code": "c0de"})()
    assert "c0de" not in str(refused.value)


def test_a_server_that_cannot_answer_now() -> None:
    server = LoginServer()
    server.script.append(Answer("", 503))
    with pytest.raises(LoginUnreachableError, match="HTTP 503"):
        Run(server, {"code": "c"})()


def test_a_server_without_the_flow() -> None:
    with pytest.raises(LoginMisconfiguredError, match="has no authorization endpoint: use --device"):
        Run(LoginServer(), {}, Endpoints(login_url="https://id/token"))()
