"""Stands in for the library `keyring`."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ("FakeKeyring",)


class KeyringError(Exception):
    """The library's own error."""


class FakeKeyring(ModuleType):
    """Keeps secrets in memory.

    Args:
        secrets: From service and user to the secret.
        locked: Whether nobody gets at them.
    """

    def __init__(self, secrets: dict[tuple[str, str], str], *, locked: bool = False) -> None:
        super().__init__("keyring")
        self.secrets = secrets
        self.locked = locked
        self.errors = ModuleType("keyring.errors")
        vars(self.errors)["KeyringError"] = KeyringError

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the library that is imported."""
        monkeypatch.setitem(sys.modules, "keyring", self)
        monkeypatch.setitem(sys.modules, "keyring.errors", self.errors)

    def get_password(self, service: str, user: str) -> str | None:
        self._check()
        return self.secrets.get((service, user))

    def set_password(self, service: str, user: str, secret: str) -> None:
        self._check()
        self.secrets[service, user] = secret

    def _check(self) -> None:
        if self.locked:
            raise KeyringError("the collection is locked")
