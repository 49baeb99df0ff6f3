"""What a sub-command gets from the installed extensions: a token, by the login that is configured, and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pybayeux import BayeuxError, installed_hook

from .errors import LoginMisconfiguredError
from .grant import Grant, base_url_of

if TYPE_CHECKING:
    from pybayeux import HookCaller

__all__ = ("log_in_as_configured", "resolve_login_url", "try_token")

_SALESFORCE: Final = "pybayeux-salesforce"
"""The package that knows the scheme of the addresses in this package's own examples."""


async def log_in_as_configured(cli_options: Any, *, not_configured: str) -> Grant:
    """Log in once with the installed extension that is configured, through the hook `log_in`.

    Args:
        cli_options: The object of the root command (``context.find_root().obj``), with the configuration.
        not_configured: The text of the error if no login is configured.

    Raises:
        LoginMisconfiguredError: No login is configured.
        BayeuxError: The login failed.
    """
    failures: list[BayeuxError] = []
    hook = _hook("log_in", cli_options, failures)
    if hook.is_empty:
        raise LoginMisconfiguredError(not_configured)
    grant = await hook.acall()
    if isinstance(grant, Grant):
        return grant
    raise _cause_of(failures[0])


async def try_token(cli_options: Any, grant: Grant) -> str | None:
    """Make one request with a token, through the hook `try_token`. Returns what accepted it; None if it was not tried.

    Raises:
        BayeuxError: The server does not accept the token.
    """
    failures: list[BayeuxError] = []
    accepted: str | None = await _hook("try_token", cli_options, failures).acall(grant)
    if failures:
        raise _cause_of(failures[0])
    return accepted


def resolve_login_url(cli_options: Any, address: str) -> str:
    """Return the URL of a login server. One in a scheme of an extension, such as ``salesforce://my-org``, is resolved.

    Raises:
        LoginMisconfiguredError: No extension knows the scheme.
        BayeuxError: An extension refuses the address.
    """
    scheme, found, _ = address.partition("://")
    if not found or scheme.lower() in ("http", "https"):
        return address
    failures: list[BayeuxError] = []
    resolved: str | None = _hook("resolve_url", cli_options, failures).call(address)
    if failures:
        raise _cause_of(failures[0])
    if (url := base_url_of(resolved)) is None:
        raise LoginMisconfiguredError(
            f"expected https://...; no installed extension knows the scheme of {address!r}"
            + (f"; it takes {_SALESFORCE}: pip install {_SALESFORCE}" if scheme.lower() == "salesforce" else "")
        )
    return url


def _hook(name: str, cli_options: Any, failures: list[BayeuxError]) -> HookCaller:
    return installed_hook(name, options=cli_options.options(), disabled=cli_options.disabled, on_error=failures.append)


def _cause_of(failure: BayeuxError) -> BayeuxError:
    """The extension's own error, rather than the one of the hook."""
    cause = failure.__cause__
    return cause if isinstance(cause, BayeuxError) else failure
