"""The options of a flow, as a configuration has them, and the flow that they mean.

Owns the names of the flows and which option belongs to which. A configuration is text, so secrets may be references:
see `secret`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from . import flows
from .errors import LoginMisconfiguredError
from .flows.app import AuthMethod  # noqa: TC001 - options are made of the annotations

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("FlowName", "FlowSettings")

_logger: Final = logging.getLogger("pybayeux.auth")

FlowName: TypeAlias = Literal["jwt", "client_credentials", "refresh_token", "password", "sf", "session"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FlowSettings:
    """A flow and its options; the classes of the flows say what each of them means.

    Attributes:
        flow: Which one; None for none.
        login_url: Where to log in: ``https://login.salesforce.com``, ``https://test.salesforce.com``, the org's own
            address, or the token endpoint of any other server.
        client_id: The app's id; Salesforce calls it the consumer key.
        client_secret: The app's secret.
        username: Who logs in.
        password: The user's password.
        security_token: What Salesforce wants behind the password.
        private_key: The key whose certificate the app has, in PEM.
        audience: The audience of the JWT.
        scope: What to ask for, with spaces between.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        refresh_token: The refresh token to begin with.
        token_store: Where new refresh tokens are kept: ``file:PATH`` or ``keyring:SERVICE/USER``.
        org: The org's alias or user name in the Salesforce CLI.
        session_id: The id of a session that is open already.
        server_url: The address of the org that it belongs to.
    """

    flow: FlowName | None = None
    login_url: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    username: str | None = None
    password: str | None = None
    security_token: str | None = None
    private_key: str | None = None
    audience: str | None = None
    scope: str | None = None
    token_endpoint_auth_method: AuthMethod | None = None
    refresh_token: str | None = None
    token_store: str | None = None
    org: str | None = None
    session_id: str | None = None
    server_url: str | None = None

    def make(self) -> flows.Flow | None:
        """The flow; None where none is asked for.

        Raises:
            LoginMisconfiguredError: An option that it needs is missing, or makes no sense.
        """
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "flow"}
        given = {name: value for name, value in given.items() if value is not None}
        if self.flow is None:
            if given:
                raise LoginMisconfiguredError(f'{", ".join(given)}: say which flow it is for, as in flow = "jwt"')
            return None
        return _make(self.flow, given)


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How a flow is made of options.

    Attributes:
        kind: The name of its class.
        needed: What it cannot do without.
        taken: What else it takes.
    """

    kind: str
    needed: tuple[str, ...]
    taken: tuple[str, ...] = ()


_RECIPES: Final[Mapping[str, _Recipe]] = {
    "jwt": _Recipe("JwtBearerFlow", ("client_id", "username", "private_key"), ("login_url", "audience", "scope")),
    "client_credentials": _Recipe(
        "ClientCredentialsFlow",
        ("login_url", "client_id", "client_secret"),
        ("scope", "token_endpoint_auth_method"),
    ),
    "refresh_token": _Recipe(
        "RefreshTokenFlow",
        ("client_id",),
        ("refresh_token", "token_store", "client_secret", "login_url", "scope", "token_endpoint_auth_method"),
    ),
    "password": _Recipe(
        "PasswordFlow",
        ("client_id", "username", "password"),
        ("client_secret", "security_token", "login_url", "scope", "token_endpoint_auth_method"),
    ),
    "sf": _Recipe("SfCliFlow", (), ("org",)),
    "session": _Recipe("SessionFlow", ("session_id", "server_url")),
}


def _make(name: str, given: Mapping[str, Any]) -> flows.Flow:
    recipe = _RECIPES[name]
    if missing := [option for option in recipe.needed if option not in given]:
        raise LoginMisconfiguredError(f"flow {name!r} needs {_list(recipe.needed)}; missing: {', '.join(missing)}")
    known = (*recipe.needed, *recipe.taken)
    if idle := [option for option in given if option not in known]:
        _logger.warning("flow %r makes no use of %s", name, ", ".join(idle))
    options = {option: given[option] for option in known if option in given}
    if "token_store" in options:
        from .stores import named_store

        options["store"] = named_store(options.pop("token_store"))
    flow: flows.Flow = getattr(flows, recipe.kind)(**options)
    return flow


def _list(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
