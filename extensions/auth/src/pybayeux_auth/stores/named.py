"""A token store from its name in a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import LoginMisconfiguredError
from .file import FileTokenStore
from .keyring import KeyringTokenStore

if TYPE_CHECKING:
    from .base import TokenStore

__all__ = ("named_store",)


def named_store(name: str) -> TokenStore:
    """The store that ``file:PATH``, ``keyring:SERVICE/USER`` or a mere path means.

    Raises:
        LoginMisconfiguredError: It means none.
    """
    kind, _, place = name.partition(":")
    if kind == "keyring":
        service, _, user = place.rpartition("/")
        if not (service and user):
            raise LoginMisconfiguredError("token_store: the keyring is written keyring:SERVICE/USER")
        return KeyringTokenStore(service, user)
    path = place if kind == "file" else name
    if not path:
        raise LoginMisconfiguredError("token_store: write file:PATH or keyring:SERVICE/USER")
    return FileTokenStore(path)
