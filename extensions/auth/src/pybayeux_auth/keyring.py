"""The system's keyring, through the library `keyring`, which is imported at its first use.

The library is installed by ``pybayeux-auth[keyring]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import LoginMisconfiguredError

__all__ = ("read_keyring", "write_keyring")


def read_keyring(service: str, user: str) -> str | None:
    """Return the secret of a service and user; None if there is none.

    Raises:
        LoginMisconfiguredError: There is no keyring, or it is locked.
    """
    password: str | None = _call("get_password", service, user)
    return password


def write_keyring(service: str, user: str, secret: str) -> None:
    """Store the secret of a service and user.

    Raises:
        LoginMisconfiguredError: There is no keyring, or it is locked.
    """
    _call("set_password", service, user, secret)


def _call(function: str, *arguments: str) -> Any:
    keyring = _library()
    try:
        return getattr(keyring, function)(*arguments)
    except keyring.errors.KeyringError as error:
        raise LoginMisconfiguredError(f"keyring: {error or type(error).__name__}") from error


def _library() -> Any:
    try:
        import_module("keyring.errors")
        return import_module("keyring")
    except ImportError as error:
        raise LoginMisconfiguredError(
            "keyring: the library is missing; pip install 'pybayeux-auth[keyring]'"
        ) from error
