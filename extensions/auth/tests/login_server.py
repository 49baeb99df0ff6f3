"""A login server for tests. It checks requests as a real one does, and echoes them in errors, as some servers do.

It answers in memory (`LoginServer.http`) or on a local port (`serving`).
"""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = (
    "CLIENT_ID",
    "CLIENT_SECRET",
    "ORG",
    "PASSWORD",
    "SECURITY_TOKEN",
    "USER",
    "USERNAME",
    "Answer",
    "LoginServer",
    "key_pair",
    "serving",
)

CLIENT_ID = "3MVG9-the-app"
CLIENT_SECRET = "s3cret-of-the-app"
USERNAME = "jane@example.com"
PASSWORD = "pa55word & more+%ü"
SECURITY_TOKEN = "s3curityT0ken"
ORG, USER = "00D5e000001AbCdEAK", "0055e000003XyZwAAK"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@cache
def key_pair(number: int = 1) -> tuple[str, str]:
    """Return a private and a public key in PEM; the same number returns the same pair."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@dataclass(frozen=True)
class Answer:
    """An HTTP response."""

    body: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def refused(error: str, description: str) -> Answer:
    return Answer({"error": error, "error_description": description}, 400)


class LoginServer:
    """Salesforce's token endpoint.

    Args:
        rotates: Whether each use of a refresh token replaces it. The second use of an old one revokes all tokens.
        lifetime: ``expires_in`` of the tokens; None for none, as at Salesforce.
        clock: Returns the present time, in seconds since the epoch.
        issue: Creates the tokens, so that a Bayeux server can know them.

    Attributes:
        requests: The form of each request, in order.
        headers: The headers of each request.
        issued: The access tokens that were issued.
        refresh_tokens: The valid refresh tokens.
        is_approved: Whether the user approved the app.
        instance_url: The URL of the org in its responses.
        script: Responses to the next requests, instead of its own.
    """

    def __init__(
        self,
        *,
        rotates: bool = False,
        lifetime: float | None = None,
        clock: Callable[[], float] = time.time,
        issue: Callable[[], str] | None = None,
    ) -> None:
        self.requests: list[dict[str, str]] = []
        self.headers: list[Mapping[str, str]] = []
        self.issued: list[str] = []
        self.refresh_tokens = {"refresh-0"}
        self.is_approved = True
        self.audience = "https://login.salesforce.com"
        self.instance_url = "https://my-org.my.salesforce.com"
        self.script: deque[Answer | Exception] = deque()
        self._rotates = rotates
        self._lifetime = lifetime
        self._clock = clock
        self._issue = issue or (lambda: f"{ORG}!t0ken-{len(self.issued) + 1}")
        self._used: set[str] = set()
        self._lock = Lock()

    def http(self) -> httpx.AsyncClient:
        """Return an HTTP client that reaches the server without a socket."""
        return httpx.AsyncClient(transport=httpx.MockTransport(self._handle))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        answer = self.answer(request.url.path, request.content.decode(), dict(request.headers))
        if isinstance(answer.body, str):
            return httpx.Response(answer.status, text=answer.body, headers=answer.headers)
        return httpx.Response(answer.status, json=answer.body, headers=answer.headers)

    def answer(self, path: str, body: str, headers: Mapping[str, str]) -> Answer:
        """Return the response to a POST."""
        with self._lock:
            form = {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}
            self.requests.append(form)
            self.headers.append(headers)
            if self.script:
                if isinstance(scripted := self.script.popleft(), Exception):
                    raise scripted
                return scripted
            if path != "/services/oauth2/token":
                return Answer("<html>Not Found</html>", 404)
            return self._answer(form, headers)

    def _answer(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        match form["grant_type"]:
            case "client_credentials":
                return self._refuse_client(form, headers) or self._token()
            case "password":
                return self._refuse_client(form, headers) or self._refuse_user(form) or self._token()
            case "refresh_token":
                return self._refuse_client(form, headers) or self._refreshed(form["refresh_token"])
            case grant_type if grant_type == JWT_BEARER:
                return self._refuse_assertion(form["assertion"]) or self._token()
            case _:
                return refused("unsupported_grant_type", "grant type not supported")

    def _refuse_client(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer | None:
        given = form.get("client_id"), form.get("client_secret")
        if "authorization" in headers:
            client_id, _, secret = b64decode(headers["authorization"].removeprefix("Basic ")).decode().partition(":")
            given = client_id, secret
        if given[0] != CLIENT_ID:
            return refused("invalid_client_id", "client identifier invalid")
        if given[1] != CLIENT_SECRET:
            return refused("invalid_client", f"invalid client credentials {given[1]}")
        return None

    def _refuse_user(self, form: Mapping[str, str]) -> Answer | None:
        if form["username"] == USERNAME and form["password"] == PASSWORD + SECURITY_TOKEN:
            return None
        return refused("invalid_grant", f"authentication failure with {form['password']}")

    def _refuse_assertion(self, assertion: str) -> Answer | None:
        try:
            token = jwt.decode(assertion, RSAKey.import_key(key_pair()[1]), algorithms=["RS256"])
        except JoseError:
            return refused("invalid_grant", f"invalid assertion {assertion}")
        claims = token.claims
        if claims["iss"] != CLIENT_ID or claims["sub"] != USERNAME:
            return refused("invalid_grant", "invalid assertion")
        if claims["aud"] != self.audience:
            return refused("invalid_grant", "Audience validation failed")
        if not 0 < claims["exp"] - self._clock() <= 180:
            return Answer(
                {"error": "invalid_grant", "error_description": "assertion expired"}, 400, {"Date": self._date()}
            )
        if not self.is_approved:
            return refused("invalid_grant", "user hasn't approved this consumer")
        return None

    def _refreshed(self, token: str) -> Answer:
        if token in self._used:
            self.refresh_tokens.clear()
        if token not in self.refresh_tokens:
            return refused("invalid_grant", f"expired access/refresh token {token}")
        if not self._rotates:
            return self._token()
        self._used.add(token)
        self.refresh_tokens = {f"refresh-{len(self._used)}"}
        return self._token(refresh_token=f"refresh-{len(self._used)}")

    def _token(self, **members: str) -> Answer:
        token = self._issue()
        self.issued.append(token)
        answer: dict[str, Any] = {
            "access_token": token,
            "signature": "abc",
            "scope": "api refresh_token",
            "instance_url": self.instance_url,
            "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
            "token_type": "Bearer",
            "issued_at": str(int(self._clock() * 1000)),
        }
        if self._lifetime is not None:
            answer["expires_in"] = self._lifetime
        return Answer(answer | members)

    def _date(self) -> str:
        return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(self._clock()))


@contextmanager
def serving(server: LoginServer) -> Iterator[str]:
    """Serve on a local port; yields the URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.answer(urlsplit(self.path).path, body, headers)
            text = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{http.server_address[1]}"
            server.audience = url
            yield url
        finally:
            http.shutdown()
            thread.join()
