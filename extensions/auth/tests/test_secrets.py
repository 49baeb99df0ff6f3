"""No text contains a secret, even if login server and Bayeux server echo what they received."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

import pytest

from extensions.auth.tests.error_texts import text_of
from extensions.auth.tests.login_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    PASSWORD,
    SECURITY_TOKEN,
    USERNAME,
    Answer,
    LoginServer,
    key_pair,
)
from pybayeux import AsyncClient, BayeuxError, hookimpl
from pybayeux_auth import Auth, ClientCredentialsFlow, JwtBearerFlow, PasswordFlow, RefreshTokenFlow, SessionFlow
from pybayeux_devserver import DevServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux_auth import Flow, Grant

SESSION_ID: Final = "00D5e000001AbCdEAK!s3ssion-0f-the-test"
MY_DOMAIN: Final = "https://my-org.my.salesforce.com"
SECRETS: Final = (
    *(line for line in key_pair()[0].splitlines() if not line.startswith("-----")),
    CLIENT_SECRET,
    PASSWORD,
    SECURITY_TOKEN,
    SESSION_ID,
    "refresh-0",
    "refresh-1",
)

FLOWS: Final[dict[str, Callable[[LoginServer], Flow]]] = {
    "jwt": lambda login: JwtBearerFlow(
        client_id=CLIENT_ID, username=USERNAME, private_key=key_pair()[0], http=login.http()
    ),
    "client_credentials": lambda login: ClientCredentialsFlow(
        login_url=MY_DOMAIN, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, http=login.http()
    ),
    "refresh_token": lambda login: RefreshTokenFlow(
        client_id=CLIENT_ID, client_secret=CLIENT_SECRET, refresh_token="refresh-0", http=login.http()
    ),
    "password": lambda login: PasswordFlow(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        username=USERNAME,
        password=PASSWORD,
        security_token=SECURITY_TOKEN,
        http=login.http(),
    ),
    "session": lambda _: SessionFlow(session_id=SESSION_ID, server_url=MY_DOMAIN),
}


class TextRecorder:
    """Records every text that an extension sees of a login."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.texts.append(text_of(error))

    @hookimpl
    async def authenticated(self, grant: Grant, client: AsyncClient) -> None:
        self.texts += [repr(grant), str(grant), repr(client)]


def _echo(request: dict[str, str]) -> Answer:
    """Return a refusal that echoes the request."""
    return Answer({"error": "invalid_grant", "error_description": " ".join(request.values())}, 400)


class EchoingLoginServer(LoginServer):
    """Refuses every second request, and echoes it."""

    def answer(self, path: str, body: str, headers: Any) -> Answer:
        answer = super().answer(path, body, headers)
        return _echo(self.requests[-1]) if len(self.requests) % 2 == 0 else answer


async def _run_client(name: str, texts: list[str]) -> list[str]:
    """Run a client that logs in, loses its token, and is refused another. Returns the tokens it had."""
    server = DevServer(tokens=(SESSION_ID,), auth_style="salesforce")
    login, recorder = EchoingLoginServer(rotates=True, issue=server.tokens.issue), TextRecorder()
    flow = FLOWS[name](login)
    auth = Auth(flow)
    async with server:
        client = AsyncClient(server.url, discover=False, extensions=[auth, recorder])
        try:
            await client.start(20)
            texts += [repr(flow), repr(auth), str(auth.grant)]
            server.faults.expire_token()
            events = await client.subscribe("/orders")
            async with asyncio.timeout(10):
                await anext(events)
        except BayeuxError as error:
            texts.append(text_of(error))
        else:
            raise AssertionError("the session did not end")
        finally:
            await client.close()
    texts += recorder.texts
    return login.issued


@pytest.mark.parametrize("name", FLOWS)
def test_no_text_contains_a_secret(name: str, caplog: pytest.LogCaptureFixture) -> None:
    texts: list[str] = []
    with caplog.at_level(logging.DEBUG):
        tokens = asyncio.run(_run_client(name, texts))
    formatter = logging.Formatter("%(name)s %(message)s %(args)s")
    texts += [formatter.format(record) for record in caplog.records if record.name.startswith("pybayeux")]
    assert len(texts) > 5
    hidden = [*SECRETS, *tokens]
    assert [text for text in texts if any(secret in text for secret in hidden)] == []


def test_the_check_can_fail() -> None:
    """A grant whose repr contains the token is noticed."""
    assert any(secret in f"Grant(access_token={SESSION_ID})" for secret in SECRETS)
