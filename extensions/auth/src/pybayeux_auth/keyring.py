"""The system's keyring, through the library `keyring`, which is imported when it is first needed.

It comes with ``pybayeux-auth[keyring]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import LoginMisconfiguredError

__all__ = ("read_keyring", "write_keyring")


def read_keyring(service: str, user: str) -> str | None:
    """What the keyring has under this service and user, or None.

    Raises:
        LoginMisconfiguredError: There is no keyring, or it is locked.
    """
    password: str | None = _call("get_password", service, user)
    return password


def write_keyring(service: str, user: str, secret: str) -> None:
    """Put a secret under this service and user.

    Raises:
        LoginMisconfiguredError: There is no keyring, or it is locked.
    """
    _call("set_password", service, user, secret)


def _call(function: str, *arguments: str) -> Any:
    keyring = _library()
    try:
        return getattr(keyring, function)(*arguments)
    except keyring.errors.KeyringError as error:
        raise LoginMisconfiguredError(f"the keyring: {error or type(error).__name__}") from error


def _library() -> Any:
    try:
        import_module("keyring.errors")
        return import_module("keyring")
    except ImportError as error:
        raise LoginMisconfiguredError("the keyring needs: pip install 'pybayeux-auth[keyring]'") from error
