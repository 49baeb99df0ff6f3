"""The instance that an org is on: its name, read once for each session.

Replay ids are valid on one instance only. An org that moves to another one keeps its My Domain, and its events get
other ids ("Event Message Durability", Pub/Sub API guide). So the name of the instance shows a move that the address
does not. It is read after the handshake and before the first subscribe: an org that moves later ends the session.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pybayeux.errors import UsageError

from .address import version_of
from .errors import RestError

if TYPE_CHECKING:
    from pybayeux_auth import Grant

    from .rest import Organization

__all__ = ("InstanceReader",)

_logger: Final = logging.getLogger("pybayeux.salesforce")
_PATIENCE: Final = 15.0
"""Seconds to wait for the name. Subscribes wait as long, and a session has to connect within 40."""
_SERVER_ERROR: Final = 500


class InstanceReader:
    """Reads the org's id and the name of its instance.

    Attributes:
        organization: What was read for the present session; None if it could not be read.
    """

    def __init__(self) -> None:
        self.organization: Organization | None = None
        self._session: str | None = None
        self._reading: asyncio.Task[None] | None = None
        self._is_reported = False

    @property
    def is_reading(self) -> bool:
        """Whether an answer is waited for."""
        return self._reading is not None and not self._reading.done()

    async def read(self, session: str | None, url: str, grant: Grant | None, http: Any = None) -> None:
        """Read what is known of a session's org, unless it was read for this session already.

        A failure is logged once, and counts as not known.

        Args:
            session: The id of the session.
            url: The streaming endpoint.
            grant: The login, or None if there was none.
            http: The caller's HTTP client, which is used if it is one of httpx.
        """
        if self._reading is None or session != self._session:
            self._session, self.organization = session, None
            self._reading = asyncio.get_running_loop().create_task(
                self._read(session, url, grant, http), name="pybayeux-instance"
            )
        await asyncio.shield(self._reading)

    async def _read(self, session: str | None, url: str, grant: Grant | None, http: Any) -> None:
        if grant is None:
            self._report("there was no login of pybayeux-auth")
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                organization = await _organization_at(url, grant, http)
        except TimeoutError:
            self._report(f"the REST API did not answer within {_PATIENCE:g} s")
        except (RestError, UsageError) as error:
            self._report(str(error))
        else:
            if session == self._session:  # it may have ended in the meantime, because the org has moved
                self.organization = organization

    def _report(self, why: str) -> None:
        if not self._is_reported:
            self._is_reported = True
            _logger.warning(
                "the name of the org's instance is not known: if the org moves and keeps its address, events may be "
                "missing without a gap (%s)",
                why,
            )

    async def close(self) -> None:
        """Stop reading; the next session reads again."""
        task, self._reading = self._reading, None
        if task is not None and not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _organization_at(url: str, grant: Grant, http: Any) -> Organization:
    import httpx  # takes long to import

    from .rest import read_organization

    place = urlsplit(url)
    arguments = (f"{place.scheme}://{place.netloc}", grant.access_token, version_of(url))
    own = http if isinstance(http, httpx.AsyncClient) else None
    try:
        return await read_organization(*arguments, http=own)
    except RestError as error:
        if error.status is not None and error.status < _SERVER_ERROR:
            raise
    return await read_organization(*arguments, http=own)
