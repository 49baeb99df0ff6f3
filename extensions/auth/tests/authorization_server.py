"""An authorization server that others wrote, Authlib's, on a local port: a public client, PKCE, devices, rotation.

Owns the storage that Authlib asks for, and HTTP. What is accepted and refused is Authlib's.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from authlib.common.security import generate_token  # type: ignore[import-untyped]
from authlib.oauth2 import AuthorizationServer as _AuthorizationServer  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, OAuth2Error, OAuth2Request, TokenMixin, grants  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc6750 import BearerTokenGenerator  # type: ignore[import-untyped]
from authlib.oauth2.rfc7009 import RevocationEndpoint  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import CodeChallenge  # type: ignore[import-untyped]
from authlib.oauth2.rfc8628 import DeviceAuthorizationEndpoint, DeviceCodeGrant, DeviceCredentialDict  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("CLIENT_ID", "USER", "AuthorizationServer", "running")

CLIENT_ID, USER = "native-app", "jane"
_SCOPES = "events offline_access"


class _Client(ClientMixin):  # type: ignore[misc]
    """A native app: no secret, and any port of the loopback redirect (RFC 8252, section 7.3)."""

    client_id = CLIENT_ID

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(each for each in (scope or "").split() if each in _SCOPES.split())

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        parts = urlsplit(redirect_uri)
        return (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/callback")

    def check_client_secret(self, client_secret: str) -> bool:
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "none"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return True


class _Token(TokenMixin):  # type: ignore[misc]
    def __init__(self, members: dict[str, Any]) -> None:
        self.members = members
        self.is_valid = True

    def check_client(self, client: _Client) -> bool:
        return True

    def get_scope(self) -> str:
        return str(self.members.get("scope", ""))


class _Code(AuthorizationCodeMixin):  # type: ignore[misc]
    def __init__(self, data: dict[str, str]) -> None:
        self.redirect_uri = data["redirect_uri"]
        self.scope = data.get("scope", "")
        self.code_challenge = data.get("code_challenge")
        self.code_challenge_method = data.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope


class _CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)

    def save_authorization_code(self, code: str, request: Any) -> None:
        self.server.codes[code] = _Code(request.payload.data)

    def query_authorization_code(self, code: str, client: _Client) -> _Code | None:
        found: _Code | None = self.server.codes.get(code)
        return found

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        self.server.codes = {name: each for name, each in self.server.codes.items() if each is not authorization_code}

    def authenticate_user(self, authorization_code: _Code) -> str:
        return USER


class _RefreshGrant(grants.RefreshTokenGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS = ("none",)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> _Token | None:
        found: _Token | None = self.server.token(refresh_token)
        return found

    def authenticate_user(self, refresh_token: _Token) -> str:
        return USER

    def revoke_old_credential(self, refresh_token: _Token) -> None:
        refresh_token.is_valid = False


class _DeviceGrant(DeviceCodeGrant):  # type: ignore[misc]
    def query_device_credential(self, device_code: str) -> Any:
        return self.server.devices.get(device_code)

    def query_user_grant(self, user_code: str) -> tuple[str, bool] | None:
        decision = self.server.decisions.get(user_code)
        return None if decision is None else (USER, decision)

    def should_slow_down(self, credential: Any) -> bool:
        self.server.polls += 1
        return bool(self.server.polls == 2)


class _DeviceEndpoint(DeviceAuthorizationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = ("none",)

    def get_verification_uri(self) -> str:
        return "https://id.example.com/device"

    def save_device_credential(self, client_id: str, scope: str, data: dict[str, Any]) -> None:
        self.server.devices[data["device_code"]] = DeviceCredentialDict(
            {**data, "client_id": client_id, "scope": scope}
        )


class _Revocation(RevocationEndpoint):  # type: ignore[misc]
    CLIENT_AUTH_METHODS = ("none",)

    def query_token(self, token_string: str, token_type_hint: str) -> _Token | None:
        found: _Token | None = self.server.token(token_string)
        return found

    def revoke_token(self, token: _Token, request: Any) -> None:
        token.is_valid = False


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    body: Any
    headers: list[tuple[str, str]]


class _Request(OAuth2Request):  # type: ignore[misc]
    def __init__(self, method: str, path: str, body: str) -> None:
        super().__init__(method, f"https://id.example.com{path}")  # Authlib refuses plain HTTP
        self._args = dict(parse_qsl(urlsplit(path).query))
        self._form = dict(parse_qsl(body))
        self.payload = BasicOAuth2Payload(self._args | self._form)

    @property
    def args(self) -> dict[str, str]:
        return self._args

    @property
    def form(self) -> dict[str, str]:
        return self._form


class AuthorizationServer(_AuthorizationServer):  # type: ignore[misc]
    """The server. A person who opens its authorization endpoint has consented, unless `denies`.

    Attributes:
        decisions: What a person has decided, by the code of a device.
        polls: How often devices have polled in vain.
    """

    def __init__(self) -> None:
        super().__init__(scopes_supported=_SCOPES.split())
        self.codes: dict[str, _Code] = {}
        self.devices: dict[str, Any] = {}
        self.decisions: dict[str, bool] = {}
        self.tokens: list[_Token] = []
        self.polls = 0
        self.denies = False
        self.origin = ""
        generator = BearerTokenGenerator(lambda **_: generate_token(42), lambda **_: generate_token(48))
        self.register_token_generator("default", generator)
        self.register_grant(_CodeGrant, [CodeChallenge(required=True)])
        self.register_grant(_RefreshGrant)
        self.register_grant(_DeviceGrant)
        self.register_endpoint(_DeviceEndpoint)
        self.register_endpoint(_Revocation)

    @property
    def refresh_tokens(self) -> list[str]:
        """Those that are valid."""
        return [each.members["refresh_token"] for each in self.tokens if each.is_valid]

    def token(self, refresh_token: str) -> _Token | None:
        """The valid token with this refresh token."""
        return next(
            (each for each in self.tokens if each.is_valid and each.members["refresh_token"] == refresh_token), None
        )

    def query_client(self, client_id: str) -> _Client | None:
        return _Client() if client_id == CLIENT_ID else None

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        self.tokens.append(_Token(token))

    def create_oauth2_request(self, request: _Request) -> _Request:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        return Response(status, body, headers)

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def answer(self, method: str, path: str, body: str) -> Response:
        """The response to a request."""
        request = _Request(method, path, body)
        match method, urlsplit(path).path:
            case "GET", "/.well-known/oauth-authorization-server":
                return Response(200, self._metadata(), [])
            case "GET", "/authorize":
                return self._authorize(request)
            case "POST", "/token":
                return self._response(self.create_token_response(request))
            case "POST", "/device":
                return self._response(self.create_endpoint_response("device_authorization", request))
            case "POST", "/revoke":
                return self._response(self.create_endpoint_response("revocation", request))
        return Response(404, {}, [])

    def _authorize(self, request: _Request) -> Response:
        try:
            grant = self.get_consent_grant(request, end_user=USER)
        except OAuth2Error as error:
            return self._response(self.handle_error_response(request, error))
        user = None if self.denies else USER
        return self._response(self.create_authorization_response(request, grant_user=user, grant=grant))

    def _response(self, response: Any) -> Response:
        assert isinstance(response, Response)
        return response

    def _metadata(self) -> dict[str, str]:
        names = {
            "authorization": "authorize",
            "token": "token",
            "device_authorization": "device",
            "revocation": "revoke",
        }
        return {"issuer": self.origin} | {f"{name}_endpoint": f"{self.origin}/{path}" for name, path in names.items()}


@contextmanager
def running(server: AuthorizationServer) -> Iterator[str]:
    """Serve on a local port. Yields the origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, body: str) -> None:
            answer = server.answer(self.command, self.path, body)
            content = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
        server.origin = f"http://127.0.0.1:{http.server_port}"
        yield server.origin
        http.shutdown()
