"""A fake of the library `keyring`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ("FakeKeyring",)


class KeyringError(Exception):
    """The error class of the library."""


class FakeKeyring(ModuleType):
    """A keyring in memory.

    Args:
        secrets: The secrets by service and user.
        locked: Whether every access fails.
        priority: How good the keyring is, by the library's own rule: from 1 on it is one of the system.
    """

    def __init__(self, secrets: dict[tuple[str, str], str], *, locked: bool = False, priority: float = 5) -> None:
        super().__init__("keyring")
        self.secrets = secrets
        self.locked = locked
        self.priority = priority
        self.errors = ModuleType("keyring.errors")
        vars(self.errors)["KeyringError"] = KeyringError

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Replace the library."""
        monkeypatch.setitem(sys.modules, "keyring", self)
        monkeypatch.setitem(sys.modules, "keyring.errors", self.errors)

    def get_password(self, service: str, user: str) -> str | None:
        self._check()
        return self.secrets.get((service, user))

    def set_password(self, service: str, user: str, secret: str) -> None:
        self._check()
        self.secrets[service, user] = secret

    def delete_password(self, service: str, user: str) -> None:
        self._check()
        del self.secrets[service, user]

    def get_keyring(self) -> FakeKeyring:
        """The backend in use."""
        return self

    def _check(self) -> None:
        if self.locked:
            raise KeyringError("the collection is locked")
