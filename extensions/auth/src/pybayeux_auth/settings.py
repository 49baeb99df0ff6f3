"""Settings of a login flow: the options as configured, and the flow that they create.

It defines the names of the flows and the options of each. Configuration is text, so secrets can be references, as in
`secret`, and token stores have names.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from . import flows
from .errors import LoginMisconfiguredError
from .flows.app import AuthMethod  # noqa: TC001 - the annotations are evaluated to convert options

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("FlowName", "FlowSettings")

_logger: Final = logging.getLogger("pybayeux.auth")

FlowName: TypeAlias = Literal["jwt", "client_credentials", "refresh_token", "password", "sf", "session"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FlowSettings:
    """A flow and its options. The class of each flow documents them in full.

    Attributes:
        flow: The name of the flow; None for none.
        login_url: The login server: ``https://login.salesforce.com``, ``https://test.salesforce.com``, the org's own
            URL, or the URL of a token endpoint of another server.
        client_id: The app's id; Salesforce calls it the consumer key.
        client_secret: The app's secret.
        username: The user who logs in.
        password: The user's password.
        security_token: Salesforce's security token, which is appended to the password.
        private_key: The private key of the app's certificate, in PEM.
        audience: The audience of the JWT.
        scope: The scopes to request, separated by spaces.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        refresh_token: The first refresh token.
        token_store: Where new refresh tokens are stored: ``file:PATH`` or ``keyring:SERVICE/USER``.
        org: The org's alias or user name in the Salesforce CLI.
        session_id: The id of an existing session.
        server_url: The URL of the org of that session.
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
        """Create the flow; None if there is none.

        Raises:
            LoginMisconfiguredError: An option of the flow is missing or not valid, or options are given without a flow.
        """
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "flow"}
        given = {name: value for name, value in given.items() if value is not None}
        if self.flow is None:
            if given:
                raise LoginMisconfiguredError(
                    f'{", ".join(given)}: expected an option flow beside it, such as flow = "jwt"'
                )
            return None
        return _create(self.flow, given)


@dataclass(frozen=True, slots=True)
class _FlowOptions:
    """The options of a flow.

    Attributes:
        class_name: The name of its class.
        required: The required options.
        optional: The optional ones.
    """

    class_name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()


_FLOWS: Final[Mapping[str, _FlowOptions]] = {
    "jwt": _FlowOptions("JwtBearerFlow", ("client_id", "username", "private_key"), ("login_url", "audience", "scope")),
    "client_credentials": _FlowOptions(
        "ClientCredentialsFlow",
        ("login_url", "client_id", "client_secret"),
        ("scope", "token_endpoint_auth_method"),
    ),
    "refresh_token": _FlowOptions(
        "RefreshTokenFlow",
        ("client_id",),
        ("refresh_token", "token_store", "client_secret", "login_url", "scope", "token_endpoint_auth_method"),
    ),
    "password": _FlowOptions(
        "PasswordFlow",
        ("client_id", "username", "password"),
        ("client_secret", "security_token", "login_url", "scope", "token_endpoint_auth_method"),
    ),
    "sf": _FlowOptions("SfCliFlow", (), ("org",)),
    "session": _FlowOptions("SessionFlow", ("session_id", "server_url")),
}


def _create(name: str, given: Mapping[str, Any]) -> flows.Flow:
    flow_options = _FLOWS[name]
    if missing := [option for option in flow_options.required if option not in given]:
        raise LoginMisconfiguredError(
            f"flow {name!r}: expected {_list(flow_options.required)}; missing: {', '.join(missing)}"
        )
    known = (*flow_options.required, *flow_options.optional)
    if unused := [option for option in given if option not in known]:
        _logger.warning("flow %r does not use %s", name, ", ".join(unused))
    options = {option: given[option] for option in known if option in given}
    if "token_store" in options:
        from .stores.by_name import store_of  # late, as the flows

        options["store"] = store_of(options.pop("token_store"))
    flow: flows.Flow = getattr(flows, flow_options.class_name)(**options)
    return flow


def _list(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else words[0]
