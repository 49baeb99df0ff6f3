"""The login by a person, from the settings to the stored token and the written configuration."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from ..errors import LoginMisconfiguredError
from ..flows.login_url import SALESFORCE
from ..flows.token_endpoint import TokenEndpoint
from ..secret import is_reference
from ..stores.by_name import store_of
from ..stores.stored_token import LoginFacts, StoredToken
from .config_file import ConfigFile
from .device_flow import log_in_with_device
from .endpoints import find_endpoints
from .settings import FLOW
from .token_place import choose_place
from .web_server_flow import log_in_with_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..grant import Grant
    from .device_flow import DeviceCodes
    from .endpoints import Endpoints
    from .settings import LoginSettings

__all__ = ("Login", "LoginOptions", "log_in_person")

_SALESFORCE_SCOPE: Final = "api refresh_token"
_SALESFORCE_REDIRECT: Final = "http://localhost:1717/OauthRedirect"
"""That of Salesforce's own command line. Of all loopback hosts, Salesforce accepts localhost alone."""
_REDIRECT: Final = "http://127.0.0.1:0/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginOptions:
    """How a person logs in.

    Attributes:
        use_device: With a code on another device, not with a browser here.
        port: The port of the redirect URI; 0 for one that the operating system chooses, None for the usual one.
        redirect_uri: The redirect URI; None for the usual one.
        timeout: Seconds to wait for the person.
        writes_config: Whether the configuration of clients is written to a file.
        show_address: Is called with the address to open, and the redirect URI.
        show_codes: Is called with the codes of the device flow.
    """

    use_device: bool
    port: int | None
    redirect_uri: str | None
    timeout: float
    writes_config: bool
    show_address: Callable[[str, str], None]
    show_codes: Callable[[DeviceCodes], None]


class Login(NamedTuple):
    """A login that was stored.

    Attributes:
        grant: The tokens.
        options: The options of the clients that use it.
        unwritten: The options that a client has neither by the file nor by the environment.
        config: The file that has them; None if none was written.
    """

    grant: Grant
    options: Mapping[str, str]
    unwritten: Mapping[str, str]
    config: Path | None


async def log_in_person(settings: LoginSettings, options: LoginOptions) -> Login:
    """Wait until a person has logged in, store the refresh token, and configure the clients that use it.

    Raises:
        AuthError: The login failed, or its result could not be stored.
    """
    settings.check_flow()
    app = settings.app()
    endpoints = await find_endpoints(settings.get("login_url") or SALESFORCE)
    asked = settings.get("token_store")
    known = {"flow": FLOW, "login_url": endpoints.login_url, "client_id": app.client_id}
    config = ConfigFile(Path.cwd()) if options.writes_config else None
    if asked not in (None, "keyring", "file"):
        known["token_store"] = asked
        await store_of(asked).load()  # an error is better before a login than after it
    if config is not None:
        settings.check_precedence(known)

    grant = await _log_in(settings, options, endpoints)
    if grant.refresh_token is None:
        raise LoginMisconfiguredError(
            f"login at {endpoints.login_url}: the server returned no refresh token; request it with --scope "
            f"('{_SALESFORCE_SCOPE}' at Salesforce, offline_access elsewhere), and allow the scope in the app"
        )
    place = choose_place(asked, login_url=endpoints.login_url, client_id=app.client_id, user_id=grant.user_id)
    store = store_of(place)
    async with store.lock():
        await store.save(StoredToken(grant.refresh_token, login=_facts(grant, endpoints)).dump())
    return _configure(settings, config, grant, {**known, "token_store": place})


async def _log_in(settings: LoginSettings, options: LoginOptions, endpoints: Endpoints) -> Grant:
    endpoint, app = TokenEndpoint(endpoints.login_url), await settings.app().read()
    scope = settings.get("scope") or (_SALESFORCE_SCOPE if endpoints.is_salesforce else None)
    if options.use_device:
        return await log_in_with_device(
            app, endpoint, endpoints, scope=scope, timeout=options.timeout, show=options.show_codes
        )
    return await log_in_with_browser(
        app,
        endpoint,
        endpoints,
        redirect_uri=_redirect_uri(options, endpoints),
        scope=scope,
        timeout=options.timeout,
        show=options.show_address,
    )


def _redirect_uri(options: LoginOptions, endpoints: Endpoints) -> str:
    uri = options.redirect_uri or (_SALESFORCE_REDIRECT if endpoints.is_salesforce else _REDIRECT)
    if options.port is None:
        return uri
    parts = urlsplit(uri)
    host = parts.hostname or ""
    return parts._replace(netloc=f"{f'[{host}]' if ':' in host else host}:{options.port}").geturl()


def _facts(grant: Grant, endpoints: Endpoints) -> LoginFacts:
    return LoginFacts(
        at=round(time.time()),
        login_url=endpoints.login_url,
        user_id=grant.user_id,
        org_id=grant.org_id,
        instance_url=grant.instance_url,
        scope=" ".join(grant.scope),
        revocation_endpoint=endpoints.revocation,
    )


def _configure(settings: LoginSettings, config: ConfigFile | None, grant: Grant, options: Mapping[str, str]) -> Login:
    """Write what a client does not have yet. A secret is written as a reference only."""
    wanted = dict(options)
    for name in ("client_secret", "token_endpoint_auth_method"):
        if (value := settings.get(name)) is not None:
            wanted[name] = value
    missing = {name: value for name, value in wanted.items() if not settings.is_configured(name, value)}
    plain = {name: value for name, value in missing.items() if name == "client_secret" and not is_reference(value)}
    writable = {name: value for name, value in missing.items() if name not in plain}
    if config is None:
        return Login(grant, options, missing, None)
    if writable:
        config.write(writable)
    return Login(grant, options, plain, config.path)
