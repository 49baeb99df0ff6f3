"""The login of a sub-command: that of the configured extension, through the hook `log_in`."""

from __future__ import annotations

from typing import Any

from pybayeux import BayeuxError, installed_hook

from .errors import LoginMisconfiguredError
from .grant import Grant

__all__ = ("log_in_as_configured",)


async def log_in_as_configured(given: Any, *, otherwise: str) -> Grant:
    """Log in as the command line, the environment and the file say.

    Args:
        given: The root command's object, which has what they say.
        otherwise: What to tell where they say nothing of a login.

    Raises:
        LoginMisconfiguredError: They say nothing.
        BayeuxError: The login failed.
    """
    failures: list[BayeuxError] = []
    hook = installed_hook("log_in", options=given.options(), disabled=given.disabled, on_error=failures.append)
    if hook.is_empty:
        raise LoginMisconfiguredError(otherwise)
    grant = await hook.acall()
    if isinstance(grant, Grant):
        return grant
    failure = failures[0]
    cause = failure.__cause__
    raise cause if isinstance(cause, BayeuxError) else failure
