"""The middleware of everything except the streaming endpoint (OAuth, SOAP, REST): recording and faults.

It does not know what a request means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from ..streaming.endpoint import moved, recorded

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from pybayeux_devserver.toolkit import Recorder

    from ..faults.faults import OrgFaults
    from ..org.hosts import Hosts

__all__ = ("FaultMiddleware",)


class FaultMiddleware:
    """Records requests and applies planned faults to them.

    Args:
        faults: The planned faults.
        recorder: The record of requests.
        hosts: The org's host names.
    """

    def __init__(self, faults: OrgFaults, recorder: Recorder, hosts: Hosts) -> None:
        self._faults: Final = faults
        self._recorder: Final = recorder
        self._hosts: Final = hosts

    async def answer(
        self, request: Request, handle: Callable[[Request, bytes], Response], *, everywhere: bool
    ) -> Response:
        """Handle a request.

        Args:
            request: The request.
            handle: The handler.
            everywhere: Handle it also under host names that the org has moved away from.
        """
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response()
        record, path = recorded(request, body, []), request.url.path
        self._recorder.add(record)
        fault = self._faults.for_request(path, [])
        if fault is not None:
            response = Response()
        elif self._hosts.has_left(request) and not everywhere:
            response = moved()
        else:
            response = handle(request, body)
        self._recorder.answered(record, response.status_code if fault is None else fault.status)
        fault = fault or self._faults.for_reply(path, [], [])
        if fault is None:
            return response
        record.fault = fault.name
        return fault.response(response)
