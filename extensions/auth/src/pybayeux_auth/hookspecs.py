"""The hooks that this package adds. Other extensions implement them with `hookimpl`.

An extension that also works without this package marks its implementation ``@hookimpl(optionalhook=True)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookspec

if TYPE_CHECKING:
    from pybayeux import HookClient

    from .grant import Grant

__all__ = ("AuthHooks",)


class AuthHooks:
    """The hook specifications of this package."""

    @hookspec
    async def authenticated(self, grant: Grant, client: HookClient) -> None:
        """There is a fresh token.

        Called before the first request with it is sent, and before the handshake at the latest. So an implementation
        can still move the client to the server that accepts the token: ``client.move(...)`` with a URL made from
        `Grant.instance_url`.

        An exception is reported, and the token is used all the same.
        """

    @hookspec(firstresult=True)
    async def log_in(self) -> Grant | None:
        """Log in once, for code without a client, such as a sub-command. None passes the call to the next extension.

        Called through ``pybayeux.installed_hook("log_in")``. An exception is reported.
        """

    @hookspec(firstresult=True)
    async def try_token(self, grant: Grant) -> str | None:
        """Make one request with a token, for code without a client, and return what accepted it, such as ``the org``.

        None passes the call to the next extension: this server is not known here.

        Raises:
            BayeuxError: The server does not accept the token; the error says why.
        """

    @hookspec
    def log_in_again(self, reason: str, client: HookClient) -> None:
        """Start a new session with a fresh token.

        Called by extensions that know of an invalid token or URL without a status 401, such as one that notices that
        the org has moved: ``client.hook("log_in_again").call("the org has moved", client)``. `Auth` implements it; its
        limits apply.
        """
