"""The hooks that this package brings, for other extensions to implement with the ordinary `hookimpl`.

An extension that works without this package as well marks its implementation ``@hookimpl(optionalhook=True)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookspec

if TYPE_CHECKING:
    from pybayeux import HookClient

    from .grant import Grant

__all__ = ("AuthHooks",)


class AuthHooks:
    """Every hook that this package brings."""

    @hookspec
    async def authenticated(self, grant: Grant, client: HookClient) -> None:
        """A fresh token has come.

        Called before the first request that uses it leaves, and before the handshake at the latest, so that the client
        can still be sent where the token is good: ``client.move(...)`` with an address made of `Grant.instance_url`.

        An exception is reported, and the token is used all the same.
        """

    @hookspec(firstresult=True)
    async def log_in(self) -> Grant | None:
        """Log in once, for whoever has no client, such as a sub-command. None asks the next extension.

        Called through ``pybayeux.installed_hook("log_in")``. An exception is reported.
        """

    @hookspec
    def log_in_again(self, reason: str, client: HookClient) -> None:
        """The token is no good, or what came with it, such as the address: begin anew with a fresh one.

        For extensions that know better than the status 401, such as one that sees that the org has moved: they call it,
        ``client.hook("log_in_again").call("the org has moved", client)``, and `Auth` implements it; its limits hold.
        """
