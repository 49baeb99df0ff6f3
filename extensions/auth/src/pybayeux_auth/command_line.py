"""The command line's part of this package: the command `auth`, and the login of any sub-command that needs a token.

It is an entry point of its own, so that `auth` can say what is missing when `Auth` is not configured. Every client that
discovers its extensions imports it, so it imports the command itself late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybayeux import BayeuxError, hookimpl, installed_hook

from .errors import LoginMisconfiguredError
from .grant import Grant

if TYPE_CHECKING:
    import click

    from pybayeux import HookCaller

__all__ = ("log_in_as_configured", "register_commands", "try_token")


@hookimpl
def register_commands(cli: click.Group) -> None:
    """Add the command `auth`."""
    from .commands import auth

    cli.add_command(auth)


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


def _hook(name: str, cli_options: Any, failures: list[BayeuxError]) -> HookCaller:
    return installed_hook(name, options=cli_options.options(), disabled=cli_options.disabled, on_error=failures.append)


def _cause_of(failure: BayeuxError) -> BayeuxError:
    """The extension's own error, rather than the one of the hook."""
    cause = failure.__cause__
    return cause if isinstance(cause, BayeuxError) else failure
