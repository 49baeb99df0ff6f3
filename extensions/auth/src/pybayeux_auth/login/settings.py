"""The configuration as a login by a person sees it: the options of `auth`, and where each comes from.

The clients that use the login read the same options, so it says too which of them would not take effect.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

from ..errors import LoginMisconfiguredError
from ..flows.app import ConfiguredApp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..flows.app import AuthMethod

__all__ = ("FLOW", "LoginSettings")

FLOW: Final = "refresh_token"
"""The flow of the clients that use the login."""
_PREFIX: Final = "PYBAYEUX_AUTH_"
_OPTIONS: Final = (
    "client_id",
    "client_secret",
    "flow",
    "login_url",
    "scope",
    "token",
    "token_endpoint_auth_method",
    "token_store",
)
_METHODS: Final[Mapping[str, AuthMethod]] = {
    "client_secret_post": "client_secret_post",
    "client_secret_basic": "client_secret_basic",
    "none": "none",
}


class LoginSettings:
    """The options of `auth`: from the file, over it the environment, and over that ``-x``.

    Args:
        cli_options: The object of the root command.
        given: Options of the sub-command, which take precedence; None for those that were not given.
    """

    def __init__(self, cli_options: Any, **given: str | None) -> None:
        table = cli_options.options().get("auth", {})
        weak = getattr(table, "weak", ())
        configured, sources = {}, {}
        for name in _OPTIONS:
            variable = f"{_PREFIX}{name.upper()}"
            if name in table and not (name in weak and variable in os.environ):
                configured[name], sources[name] = str(table[name]), getattr(table, "sources", {}).get(name, "-x")
            elif variable in os.environ:
                configured[name], sources[name] = os.environ[variable], variable
        self._configured: Final[Mapping[str, str]] = configured
        self._sources: Final[Mapping[str, str]] = sources
        self._given: Final = {name: value for name, value in given.items() if value is not None}

    def get(self, name: str) -> str | None:
        """An option's value, or None."""
        return self._given.get(name, self._configured.get(name))

    def source(self, name: str) -> str | None:
        """Where a configured value comes from: a path, the name of a variable, or ``-x``; None if it has none."""
        return self._sources.get(name)

    def is_configured(self, name: str, value: str) -> bool:
        """Whether a client has this value of an option without ``-x``."""
        return self._configured.get(name) == value and self._sources[name] != "-x"

    def check_flow(self) -> None:
        """Check that no other way to get a token is configured.

        Raises:
            LoginMisconfiguredError: One is.
        """
        for name in ("token", "flow"):
            value = self.get(name)
            if value is not None and not (name == "flow" and value == FLOW):
                what = f"the flow {value!r}" if name == "flow" else "a token"
                raise LoginMisconfiguredError(
                    f"{self.source(name)} configures {what}, which clients would use instead of this login: remove it, "
                    "or log in from another folder"
                )

    def check_precedence(self, values: Mapping[str, str]) -> None:
        """Check that no variable of the environment takes precedence over what a file is to have.

        Raises:
            LoginMisconfiguredError: One does.
        """
        for name, value in values.items():
            source = self._sources.get(name, "")
            if source.startswith(_PREFIX) and self._configured[name] != value:
                raise LoginMisconfiguredError(
                    f"{source} is set to another value, which clients would use instead of {value!r}: unset it"
                )

    def app(self) -> ConfiguredApp:
        """The app.

        Raises:
            LoginMisconfiguredError: There is no client id, or the authentication method is unknown.
        """
        client_id, method = self.get("client_id"), self.get("token_endpoint_auth_method") or "client_secret_post"
        if not client_id:
            raise LoginMisconfiguredError(
                "client_id is missing: expected --client-id, PYBAYEUX_AUTH_CLIENT_ID, or client_id under [auth] in "
                "pybayeux.toml; Salesforce calls it the consumer key of the app"
            )
        if method not in _METHODS:
            raise LoginMisconfiguredError(
                f"token_endpoint_auth_method: expected one of {', '.join(_METHODS)}; got {method!r}"
            )
        return ConfiguredApp(client_id, self.get("client_secret"), _METHODS[method])
