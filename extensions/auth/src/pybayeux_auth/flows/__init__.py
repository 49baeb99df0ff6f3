"""The login flows. Each is imported at its first use, because every client imports this package."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from .base import Flow as Flow

if TYPE_CHECKING:
    from .client_credentials import ClientCredentialsFlow as ClientCredentialsFlow
    from .jwt_bearer import JwtBearerFlow as JwtBearerFlow
    from .password import PasswordFlow as PasswordFlow
    from .refresh_token import RefreshTokenFlow as RefreshTokenFlow
    from .session import SessionFlow as SessionFlow
    from .sf_cli import SfCliFlow as SfCliFlow

__all__ = (
    "ClientCredentialsFlow",
    "Flow",
    "JwtBearerFlow",
    "PasswordFlow",
    "RefreshTokenFlow",
    "SessionFlow",
    "SfCliFlow",
)

_MODULES: Final = {
    "ClientCredentialsFlow": "client_credentials",
    "JwtBearerFlow": "jwt_bearer",
    "PasswordFlow": "password",
    "RefreshTokenFlow": "refresh_token",
    "SessionFlow": "session",
    "SfCliFlow": "sf_cli",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULES[name]}", __name__), name)
