"""Calls of a server's methods by name: of a server in this process, or over HTTP by its control interface.

Owns both ways. Names and arguments are those of the control interface: ``publish``, ``faults/drop_sessions``.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

import httpx

from pybayeux.errors import BayeuxError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Actions", "ControlInterface", "OwnServer")


class Actions(Protocol):
    """Calls a method of a server."""

    async def __call__(self, path: str, **arguments: Any) -> Any:
        """Call it.

        Args:
            path: Its name, such as ``publish`` or ``faults/drop_sessions``.
            arguments: Its arguments.
        """


class OwnServer:
    """A server in this process: a development server or an emulated org, in a loop or in a thread.

    Args:
        server: The server.
    """

    def __init__(self, server: Any) -> None:
        self._server: Final = server

    async def __call__(self, path: str, **arguments: Any) -> Any:
        """Call a method; see `Actions`."""
        *group, name = path.split("/")
        owner = getattr(self._server, group[0]) if group else self._server
        result = getattr(owner, name)(**arguments)
        return await result if inspect.isawaitable(result) else result


class ControlInterface:
    """A server's control interface, such as ``http://127.0.0.1:8080/control``.

    Args:
        url: Its address.
    """

    def __init__(self, url: str) -> None:
        self.url: Final = url.rstrip("/")
        # The proxy of the environment is none for a server of development.
        self._http: Final = httpx.AsyncClient(trust_env=False, timeout=30)

    async def is_org(self) -> bool:
        """Whether it is that of an emulated org, not that of a development server.

        Raises:
            UsageError: It is neither.
            BayeuxError: The server cannot be reached.
        """
        overview = await self._request("GET", "/")
        if isinstance(overview, dict):
            if "orgId" in overview:
                return True
            if "connectionTypes" in overview:
                return False
        raise UsageError(f"{self.url} is not the control interface of pybayeux serve")

    async def __call__(self, path: str, **arguments: Any) -> Any:
        """Call a method; see `Actions`.

        Raises:
            BayeuxError: The server refused, or cannot be reached.
        """
        return await self._request("POST", f"/{path}", arguments)

    async def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            response = await self._http.request(method, self.url + path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise BayeuxError(f"{self.url}{path}: {type(error).__name__}: {error}") from error
        if response.status_code != httpx.codes.OK:
            raise BayeuxError(f"{self.url}{path}: HTTP {response.status_code}: {response.text.strip()[:500]}")
        try:
            return response.json()
        except ValueError:
            raise UsageError(f"{self.url} is not the control interface of pybayeux serve") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
