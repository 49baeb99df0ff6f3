"""The system's keyring, through the library `keyring`, which is imported at its first use.

The library is installed by ``pybayeux-auth[keyring]``.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from .errors import LoginMisconfiguredError

__all__ = ("delete_from_keyring", "has_keyring", "read_keyring", "write_keyring")

_USABLE: Final = 1
"""The least priority of a keyring that keeps secrets safely (by the library's own rule)."""


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


def delete_from_keyring(service: str, user: str) -> None:
    """Delete the secret of a service and user, if there is one.

    Raises:
        LoginMisconfiguredError: There is no keyring, or it is locked.
    """
    if read_keyring(service, user) is not None:
        _call("delete_password", service, user)


def has_keyring() -> bool:
    """Whether the library is installed and has found a keyring of the system."""
    try:
        return float(_library().get_keyring().priority) >= _USABLE
    except LoginMisconfiguredError:
        return False
    except Exception:  # backends raise what they like, for instance without a session bus
        return False


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
