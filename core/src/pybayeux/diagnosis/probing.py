"""One session on one transport: handshake, some connects, disconnect.

Owns the order of the requests and their deadlines. A session that was started is always ended.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import redirect_stdout, suppress
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from ..bayeux import BayeuxClient
from ..channel import Channel
from ..errors import BayeuxError, ExchangeTimeoutError
from ..session.linger import DEFAULT_LINGER, time_between_connects
from .observing import Observer
from .report import Connects, TransportReport

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from ..hookspecs import DiagnosisFindings
    from ..message import Message

__all__ = ("Probe",)

_CONNECTS: Final = 5
_LONGEST_INTERVAL: Final = 1.0
"""Seconds between connects. If the server advises a longer interval, one connect has to do."""
_DISCONNECT_TIMEOUT: Final = 2.0


class Probe:
    """Tries one transport.

    Args:
        url: The server's address.
        transport: The transport's name.
        settings: The keyword arguments of the client.

    Attributes:
        seen: The responses and replies.
        report: The result, filled in as it goes.
        error: The error, or None.
    """

    def __init__(self, url: str, transport: str, settings: Mapping[str, Any]) -> None:
        self.seen: Final = Observer()
        self.report: Final = TransportReport(transport)
        self.error: Exception | None = None
        self._timeout: Final[float] = settings["max_network_delay"]
        extensions = [*settings["extensions"], self.seen]
        with redirect_stdout(sys.stderr):  # an extension may print when it is imported
            self._client: Final = BayeuxClient(url, **{**settings, "transports": [transport], "extensions": extensions})

    async def run(self, findings: DiagnosisFindings | None = None) -> None:
        """Try the transport. A failure is in the report.

        Args:
            findings: What the extensions add to, if they shall say what they know of the server.
        """
        at = str(Channel.META_HANDSHAKE)
        try:
            self.report.handshake_ms = await self._timed(self._client.handshake())
            at = str(Channel.META_CONNECT)
            await self._connect()
            self.report.works = True
            if findings is not None:
                await self._client.diagnose(findings)
        except Exception as error:
            # Any error of an extension or a transport is a finding; the other transports are still tried.
            self.error, self.report.works = error, False
            self.report.failed_at, self.report.error = at, str(error) or type(error).__name__
        finally:
            self.report.status = self.seen.answers[-1].status if self.seen.answers else None
            await self._disconnect()

    @property
    def handshake_reply(self) -> Message | None:
        """The server's reply to the handshake, or None."""
        return next((reply for reply, _ in self.seen.replies if reply.channel == Channel.META_HANDSHAKE), None)

    async def _connect(self) -> None:
        times, costs = list[float](), list[float]()
        try:
            while len(times) < _CONNECTS:
                used = time.thread_time()
                times.append(await self._timed(self._client.connect()))
                costs.append(time.thread_time() - used)
                interval = self._interval()
                if interval > _LONGEST_INTERVAL:
                    break
                await asyncio.sleep(interval)
        finally:
            if times:
                self.report.first_connect_ms = times[0]
                cost, linger = min(costs), time_between_connects(min(costs), DEFAULT_LINGER)
                self.report.connects = Connects(
                    len(times), min(times), median(times), round(cost * 1000, 3), round(linger * 1000, 3)
                )

    async def _timed(self, request: Awaitable[object]) -> float:
        """The milliseconds that a request takes.

        Raises:
            ExchangeTimeoutError: There was no reply in time.
            BayeuxError: The request failed.
        """
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout):
                await request
        except TimeoutError:
            raise ExchangeTimeoutError(f"no response within {self._timeout:g} seconds") from None
        return round((time.perf_counter() - started) * 1000, 3)

    def _interval(self) -> float:
        advised = [reply.advice.interval for reply, _ in self.seen.replies if reply.advice is not None]
        return max(0.0, next((each for each in reversed(advised) if each is not None), 0) / 1000)

    async def _disconnect(self) -> None:
        with suppress(BayeuxError, TimeoutError):
            if self._client.client_id is not None:
                async with asyncio.timeout(min(_DISCONNECT_TIMEOUT, self._timeout)):
                    await self._client.disconnect()
        await self._client.close()
