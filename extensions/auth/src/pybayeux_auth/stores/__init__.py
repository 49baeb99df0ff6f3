"""Stores of refresh tokens."""

from .base import TokenStore as TokenStore
from .file import FileTokenStore as FileTokenStore
from .keyring import KeyringTokenStore as KeyringTokenStore

__all__ = ("FileTokenStore", "KeyringTokenStore", "TokenStore")
