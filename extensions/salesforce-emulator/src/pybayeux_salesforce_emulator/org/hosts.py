"""The host names of an org: My Domain, the login host, and names that the org has moved away from.

Owns the org's URLs. One socket has two names, ``127.0.0.1`` and ``localhost``. One is My Domain, the other is the login
host. An org that moves to another instance swaps them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

__all__ = ("Hosts",)

_LOOPBACK: Final = ("127.0.0.1", "localhost")


class Hosts:
    """The host names of an org.

    Args:
        name: The name of My Domain.
        port: Returns the port.
    """

    def __init__(self, name: str, port: Callable[[], int]) -> None:
        self._name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(name, name)  # noqa: S104
        self._port: Final = port
        self._domains: Final = {self._name}

    @property
    def instance_url(self) -> str:
        """The current URL of the org."""
        return self._url(self._name)

    @property
    def login_url(self) -> str:
        """The login host of all orgs, as ``login.salesforce.com`` is."""
        return self._url(self._other)

    def move(self) -> None:
        """Move to the other name. Logins go on under both names."""
        self._name = self._other
        self._domains.add(self._name)

    def has_left(self, request: Request) -> bool:
        """Whether a request goes to a name that the org has moved away from."""
        return request.url.hostname != self._name and request.url.hostname in self._domains

    def is_login_host(self, request: Request) -> bool:
        """Whether a request goes to the login host, and this name never was My Domain."""
        return request.url.hostname == self._other and self._other not in self._domains

    @property
    def _other(self) -> str:
        if self._name in _LOOPBACK:
            return next(name for name in _LOOPBACK if name != self._name)
        return self._name

    def _url(self, name: str) -> str:
        return f"http://{f'[{name}]' if ':' in name else name}:{self._port()}"
