"""Authentication for pybayeux: logins, tokens in requests, and fresh tokens when the server refuses one.

Flows and stores are imported at their first use, because every client imports this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import lazy_names

from .command_line import log_in_as_configured as log_in_as_configured
from .errors import AuthError as AuthError
from .errors import LoginMisconfiguredError as LoginMisconfiguredError
from .errors import LoginPausedError as LoginPausedError
from .errors import LoginRefusedError as LoginRefusedError
from .errors import LoginUnreachableError as LoginUnreachableError
from .errors import TokenStoreError as TokenStoreError
from .extension import Auth as Auth
from .flows import Flow as Flow
from .grant import Grant as Grant

if TYPE_CHECKING:
    from .flows import ClientCredentialsFlow as ClientCredentialsFlow
    from .flows import JwtBearerFlow as JwtBearerFlow
    from .flows import PasswordFlow as PasswordFlow
    from .flows import RefreshTokenFlow as RefreshTokenFlow
    from .flows import SessionFlow as SessionFlow
    from .flows import SfCliFlow as SfCliFlow
    from .stores import FileTokenStore as FileTokenStore
    from .stores import KeyringTokenStore as KeyringTokenStore
    from .stores import TokenStore as TokenStore

__all__ = (
    "Auth",
    "AuthError",
    "ClientCredentialsFlow",
    "FileTokenStore",
    "Flow",
    "Grant",
    "JwtBearerFlow",
    "KeyringTokenStore",
    "LoginMisconfiguredError",
    "LoginPausedError",
    "LoginRefusedError",
    "LoginUnreachableError",
    "PasswordFlow",
    "RefreshTokenFlow",
    "SessionFlow",
    "SfCliFlow",
    "TokenStore",
    "TokenStoreError",
    "log_in_as_configured",
)

if not TYPE_CHECKING:  # every client imports this package
    __getattr__ = lazy_names(
        __name__,
        {
            "flows": "ClientCredentialsFlow JwtBearerFlow PasswordFlow RefreshTokenFlow SessionFlow SfCliFlow",
            "stores": "FileTokenStore KeyringTokenStore TokenStore",
        },
    )


def __dir__() -> tuple[str, ...]:
    return __all__
