"""The transports of one client, each made when it is first needed, for the server that is to be reached.

Owns the addresses, and which servers may see the user's credentials: the user's own server, and hosts that the user
named. A server that another one advised (``advice.hosts``) is asked without them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from .._util.urls import at_host, host_of, transport_url
from ..transports.base import Renewable
from ..transports.cookies import CookieJar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..transports.base import Transport, TransportContext, TransportFactory

__all__ = ("TransportPool",)


class TransportPool:
    """Makes transports and closes them.

    Args:
        context: What each is given; its address is that of the user's own server.
        factories: What makes them, by name.
        options: What the user gave for them; `url` among them is an address of a transport's own.
        trusted: Hosts, with a port if it is not the scheme's own, that may see what the user's own server sees.

    Raises:
        UsageError: An address is none.
    """

    def __init__(
        self,
        context: TransportContext,
        factories: Mapping[str, TransportFactory],
        options: Mapping[str, Mapping[str, Any]],
        trusted: Collection[str] = (),
    ) -> None:
        self._context = context
        self._factories: Final = factories
        self._urls: Final = {name: transport_url(given["url"]) for name, given in options.items() if "url" in given}
        self._trusted: Final = tuple(trusted)
        self._made: dict[tuple[str, str | None], Transport] = {}
        self._left: list[Transport] = []

    def get(self, name: str, host: str | None = None) -> Transport:
        """The transport of this name to the user's own server, or to the host that was advised."""
        if (name, host) not in self._made:
            self._made[name, host] = self._factories[name](self._context_for(name, host))
        return self._made[name, host]

    def url(self, host: str | None) -> str:
        """The address of the user's own server, or of the host that was advised.

        The query may be a credential, such as an access token, so that it goes to trusted hosts alone.
        """
        if host is None:
            return self._context.url
        url = at_host(self._context.url, host)
        return url if self._is_trusted(url) else url.partition("?")[0]

    def move(self, url: str) -> None:
        """The user's own server is at another address from now on. Exchanges under way end where they are."""
        if url == self._context.url:
            return
        self._context = replace(self._context, url=url)
        self._left += self._made.values()
        self._made.clear()

    def _context_for(self, name: str, host: str | None) -> TransportContext:
        if host is None:
            return replace(self._context, url=self._urls.get(name, self._context.url))
        url = self.url(host)
        if self._is_trusted(url):
            return replace(self._context, url=url)
        return replace(self._context, url=url, headers={}, auth=None, cookies=CookieJar(), anonymous=True)

    def _is_trusted(self, url: str) -> bool:
        return host_of(url) in self._trusted and not _is_downgrade(self._context.url, url)

    def renew(self) -> None:
        """A new session begins: connections that know who opened them are replaced, for the token may be another."""
        for transport in self._made.values():
            if isinstance(transport, Renewable):
                transport.renew()

    def forget(self) -> None:
        """Drop every transport as it is: their event loop is gone, and cannot close them."""
        self._made.clear()
        self._left.clear()
        self._context = replace(self._context, cookies=CookieJar())

    async def close(self) -> None:
        """Close every transport; those made later know none of the cookies."""
        made, self._made = [*self._left, *self._made.values()], {}
        self._left.clear()
        self._context = replace(self._context, cookies=CookieJar())
        for transport in made:
            await transport.close()


def _is_downgrade(own: str, other: str) -> bool:
    return own.startswith("https:") and not other.startswith("https:")
