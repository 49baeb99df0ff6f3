"""The login in a browser: ``/services/oauth2/authorize`` (web server flow) and ``/setup/connect`` (device flow).

Owns the checks of the requests, and what the forms do. A person logs in and consents on one page; a real org has two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote, urlencode

from starlette.responses import PlainTextResponse, RedirectResponse

from ...org.device_codes import Decision
from .errors import OAuthError
from .pages import form_page, message_page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from ...org.apps import App
    from ...org.users import User
    from ...state import OrgState

__all__ = ("Authorize",)

_DENIED: Final = OAuthError("access_denied", "end-user denied authorization")
_WRONG_LOGIN: Final = "Please check your username and password."
_METHODS: Final = ("S256",)


class Authorize:
    """Answers the requests of browsers.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state

    def show(self, request: Request, body: bytes) -> Response:
        """Show the form to log in and consent, or send the browser back with an error."""
        asked = request.query_params
        try:
            app = self._app_of(asked)
        except OAuthError as error:
            return _shown(error)
        try:
            _check(app, asked)
        except OAuthError as error:
            return _sent_back(asked, {"error": error.error, "error_description": error.description})
        return form_page(app=app.client_id, scope=asked.get("scope"))

    def decide(self, request: Request, body: bytes) -> Response:
        """Send the browser back with a code, or with the refusal."""
        asked, form = request.query_params, dict(parse_qsl(body.decode(errors="replace")))
        try:
            app = self._app_of(asked)
            _check(app, asked)
        except OAuthError as error:
            return _shown(error)
        user = self._user(form, app.client_id)
        if user is None:
            return form_page(
                app=app.client_id, scope=asked.get("scope"), username=form.get("username", ""), problem=_WRONG_LOGIN
            )
        if form.get("decision") != "allow":
            return _sent_back(asked, {"error": _DENIED.error, "error_description": _DENIED.description})
        code = self._state.apps.issue_code(
            app,
            asked["redirect_uri"],
            asked.get("code_challenge"),
            username=user.username,
            scope=asked.get("scope"),
        )
        return _sent_back(asked, {"code": code})

    def show_device(self, request: Request, body: bytes) -> Response:
        """Show the form for the code of a device."""
        return form_page(app="with this code", scope=None, user_code=request.query_params.get("user_code", ""))

    def decide_device(self, request: Request, body: bytes) -> Response:
        """Note what a person has decided about a device."""
        form = dict(parse_qsl(body.decode(errors="replace")))
        typed, username = form.get("user_code", ""), form.get("username", "")
        code = self._state.device_codes.typed(typed)
        user = None if code is None else self._user(form, code.client_id)
        if code is None or user is None:
            problem = "This code is not valid." if code is None else _WRONG_LOGIN
            return form_page(app="with this code", scope=None, username=username, user_code=typed, problem=problem)
        allowed = form.get("decision") == "allow"
        code.username, code.decision = user.username, Decision.ALLOWED if allowed else Decision.DENIED
        return message_page("Connected" if allowed else "Denied", "Return to your device. You may close this page.")

    def _app_of(self, asked: Mapping[str, str]) -> App:
        """The app of a request.

        Raises:
            OAuthError: There is none, or the browser may not be sent back to where it asks for.
        """
        app = self._state.apps.known.get(asked.get("client_id", ""))
        if app is None:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        back = asked.get("redirect_uri")
        if not back or (app.callback_urls is not None and back not in app.callback_urls):
            raise OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration")
        return app

    def _user(self, form: Mapping[str, str], client_id: str) -> User | None:
        """The user who logs in. A wrong password is recorded, and counts for the lock."""
        username = form.get("username", "")
        user = self._state.users.with_password(username, form.get("password", ""))
        if user is None:
            self._state.logins.add("browser", username, client_id, "wrong username or password")
        return user


def _check(app: App, asked: Mapping[str, str]) -> None:
    """Check what an app asks for.

    Raises:
        OAuthError: It cannot be had so.
    """
    if asked.get("response_type") != "code":
        raise OAuthError("unsupported_response_type", "response type not supported")
    if app.client_secret is None and "code_challenge" not in asked:
        raise OAuthError("invalid_request", "missing required code challenge")
    if asked.get("code_challenge_method", "S256") not in _METHODS:
        raise OAuthError("invalid_request", "code challenge method not supported")


def _shown(error: OAuthError) -> Response:
    """The error on a page of the org: the browser is sent nowhere, for the address may be anybody's."""
    return PlainTextResponse(f"error={error.error}&error_description={quote(error.description)}", 400)


def _sent_back(asked: Mapping[str, str], answer: dict[str, str]) -> Response:
    if "state" in asked:
        answer["state"] = asked["state"]
    back = asked["redirect_uri"]
    return RedirectResponse(f"{back}{'&' if '?' in back else '?'}{urlencode(answer)}", 302)
