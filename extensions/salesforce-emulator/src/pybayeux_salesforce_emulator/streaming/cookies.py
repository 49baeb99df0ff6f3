"""Cookies: which of an org's servers a client is led to, and which browser it is.

Owns the load balancer. Its cookie leads to a server for some hours; without it, or afterwards, a client comes to
another one, where nobody knows its session (EMP-Connector#4; the cookie's form in CometD.NetCore.Salesforce#43).
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
    """Where a request has come to."""

    server: int
    browser: str | None
    """The browser, if the request names one."""
    without_cookies: bool
    """Whether the request has no cookie of the org's."""
    new_cookies: Mapping[str, str]
    """The cookies to set, with their attributes."""


class LoadBalancer:
    """Leads requests to servers.

    Args:
        ids: Makes cookies up.
        lifetime: How long a cookie leads to the same server, in the org's time.
        clock: The org's time.
    """

    def __init__(self, ids: Ids, lifetime: float, clock: OrgClock) -> None:
        self._ids: Final = ids
        self._lifetime: Final = lifetime
        self._clock: Final = clock
        self._routes: dict[str, tuple[int, float]] = {}
        self._servers = 0

    def route(self, cookies: Mapping[str, str]) -> Route:
        """Lead a request by its cookies."""
        browser, known = cookies.get(BROWSER), self._routes.get(cookies.get(BALANCER, ""))
        without_cookies = browser is None and BALANCER not in cookies
        if known is not None and known[1] > self._clock.now():
            return Route(known[0], browser, without_cookies, {})
        self._servers += 1
        value, until = f"!{self._ids.secret(32)}=", self._clock.now() + self._lifetime
        self._routes[value] = (self._servers, until)
        return Route(self._servers, browser, without_cookies, {BALANCER: f"{value}; {self._expiry(until)}"})

    def browser_cookies(self) -> tuple[str, dict[str, str]]:
        """A new browser's name, and the cookies that tell it."""
        name = self._ids.browser()
        tracker = f"{self._ids.secret(24)}; {self._expiry(self._clock.now() + _YEAR)}"
        return name, {BROWSER: f"{name}; Path=/cometd/; HttpOnly", _TRACKER: tracker}

    def rebalance(self) -> None:
        """No cookie leads to its server any more."""
        self._routes.clear()

    def _expiry(self, until: float) -> str:
        # Real ones are Secure with SameSite=None; a client that speaks plain HTTP would not send them back.
        return f"Path=/; Expires={formatdate(self._clock.wall_of(until), usegmt=True)}"
