"""Cookies: to which of an org's servers a client is sent, and which browser it is.

Owns the load balancer. Its cookie leads to the same server for some hours. Without it, or later, a client is sent to
another server, which does not know its session (EMP-Connector#4; the form of the cookie is in
CometD.NetCore.Salesforce#43).
"""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..org.clock import OrgClock
    from ..org.ids import Ids

__all__ = ("BALANCER", "BROWSER", "LoadBalancer", "Route")

BALANCER: Final = "sfdc-stream"
BROWSER: Final = "BAYEUX_BROWSER"
"""CometD's own cookie, which ties a session to a browser."""
_TRACKER: Final = "BrowserId"

_YEAR: Final = 365 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Route:
    """The server and the browser of a request."""

    server: int
    browser: str | None
    """The browser, if the request names one."""
    without_cookies: bool
    """Whether the request has no cookie of the org."""
    new_cookies: Mapping[str, str]
    """The cookies to set, with their attributes."""


class LoadBalancer:
    """Sends requests to servers.

    Args:
        ids: Generates cookie values.
        lifetime: How long a cookie leads to the same server, in the org's time.
        clock: The org's clock.
    """

    def __init__(self, ids: Ids, lifetime: float, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._routes: dict[str, tuple[int, float]] = {}
        self._servers = 0

    def route(self, cookies: Mapping[str, str]) -> Route:
        """The route of a request, by its cookies."""
        browser, known = cookies.get(BROWSER), self._routes.get(cookies.get(BALANCER, ""))
        without_cookies = browser is None and BALANCER not in cookies
        if known is not None and known[1] > self._clock.now():
            return Route(known[0], browser, without_cookies, {})
        self._servers += 1
        value, until = f"!{self._ids.secret(32)}=", self._clock.now() + self._lifetime
        self._routes[value] = (self._servers, until)
        return Route(self._servers, browser, without_cookies, {BALANCER: f"{value}; {self._expiry(until)}"})

    def browser_cookies(self) -> tuple[str, dict[str, str]]:
        """A new browser's name, and the cookies that carry it."""
        name = self._ids.browser()
        tracker = f"{self._ids.secret(24)}; {self._expiry(self._clock.now() + _YEAR)}"
        return name, {BROWSER: f"{name}; Path=/cometd/; HttpOnly", _TRACKER: tracker}

    def rebalance(self) -> None:
        """Forget all cookies: every client is sent to another server."""
        self._routes.clear()

    def _expiry(self, until: float) -> str:
        # Real cookies are Secure with SameSite=None. A client that uses plain HTTP would not send them back.
        return f"Path=/; Expires={formatdate(self._clock.wall_of(until), usegmt=True)}"
