from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from extensions.auth.tests.authorization_server import AuthorizationServer, running
from pybayeux_auth import LoginMisconfiguredError, LoginUnreachableError
from pybayeux_auth.login.endpoints import Endpoints, find_endpoints

if TYPE_CHECKING:
    from collections.abc import Iterator


class Server(AuthorizationServer):
    """A server with any metadata."""

    changes: dict[str, Any]

    def _metadata(self) -> dict[str, Any]:
        return super()._metadata() | self.changes


@pytest.fixture
def server() -> Server:
    server = Server()
    server.changes = {}
    return server


@pytest.fixture
def origin(server: Server) -> Iterator[str]:
    with running(server) as address:
        yield address


def _find(url: str) -> Endpoints:
    return asyncio.run(find_endpoints(url))


@pytest.mark.parametrize("url", ["https://my-org.my.salesforce.com", "https://my-org.my.salesforce.com/"])
def test_those_of_salesforce_are_known(url: str) -> None:
    base = "https://my-org.my.salesforce.com"
    assert _find(url) == Endpoints(
        login_url=base,
        authorization=f"{base}/services/oauth2/authorize",
        device=f"{base}/services/oauth2/token",
        revocation=f"{base}/services/oauth2/revoke",
        is_salesforce=True,
    )


@pytest.mark.parametrize("path", ["/token", "/.well-known/oauth-authorization-server"])
def test_those_of_another_server_are_in_its_metadata(path: str, origin: str) -> None:
    assert _find(f"{origin}{path}") == Endpoints(
        login_url=f"{origin}/token",
        authorization=f"{origin}/authorize",
        device=f"{origin}/device",
        revocation=f"{origin}/revoke",
        issuer=origin,
    )


def test_an_endpoint_may_be_missing(server: Server, origin: str) -> None:
    server.changes = {"authorization_endpoint": None, "device_authorization_endpoint": 5, "issuer": 5}
    found = _find(f"{origin}/token")
    assert (found.authorization, found.device, found.issuer) == (None, None, None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"token_endpoint": None}, "expected a token_endpoint in the metadata"),
        ({"token_endpoint": "https://id.example.com/token"}, "is that of another token endpoint, https://id.example"),
        ({"revocation_endpoint": "http://id.example.com/"}, "revocation_endpoint .* expected https"),
    ],
)
def test_metadata_that_is_refused(changes: dict[str, Any], error: str, server: Server, origin: str) -> None:
    server.changes = changes
    with pytest.raises(LoginMisconfiguredError, match=error):
        _find(f"{origin}/token")


def test_a_server_without_metadata(origin: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match="there is none: give its URL"):
        _find(f"{origin}/.well-known/openid-configuration")


def test_a_server_that_does_not_answer() -> None:
    with pytest.raises(LoginUnreachableError, match=r"http://127\.0\.0\.1:1 is not possible now"):
        _find("http://127.0.0.1:1/token")
