"""Where refresh tokens are kept."""

from .base import TokenStore as TokenStore
from .file import FileTokenStore as FileTokenStore
from .keyring import KeyringTokenStore as KeyringTokenStore
from .named import named_store as named_store

__all__ = ("FileTokenStore", "KeyringTokenStore", "TokenStore", "named_store")
