"""The login flows. Each is imported at its first use, because every client imports this package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import lazy_names

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

if not TYPE_CHECKING:  # every client imports this package
    __getattr__ = lazy_names(
        __name__,
        {
            "client_credentials": "ClientCredentialsFlow",
            "jwt_bearer": "JwtBearerFlow",
            "password": "PasswordFlow",
            "refresh_token": "RefreshTokenFlow",
            "session": "SessionFlow",
            "sf_cli": "SfCliFlow",
        },
    )
