"""The checks that every request to the REST API passes: its token, the daily limit, and the form of its errors.

Sources: REST API Developer Guide, "Status Codes and Error Responses" and "Limit Info Header"; the text of a limit that
is reached is from "API Request Limits and Allocations". That a refused request does not count is assumed.
"""

from __future__ import annotations

from email.utils import formatdate
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from ..schema.refusal import RestRefusal
from ..streaming.authentication import token_of
from ..streaming.endpoint import json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from ..state import OrgState

__all__ = ("API_REQUESTS", "RestGate", "object_of")

Handler: TypeAlias = "Callable[[Request, bytes], Response]"

API_REQUESTS: Final = 15_000
"""The limit that is stated where none is set: that of a Developer Edition."""


class RestGate:
    """Guards the handlers of REST requests.

    Args:
        state: The org.
    """

    def __init__(self, state: OrgState) -> None:
        self._state: Final = state

    def guard(self, handle: Handler) -> Handler:
        """Return a handler that requires a token, counts the request, and answers refusals of `handle`."""

        def guarded(request: Request, body: bytes) -> Response:
            try:
                self._admit(request)
                response = handle(request, body)
            except RestRefusal as refusal:
                response = json_response(refusal.body, refusal.status)
            used, limit = self._state.quotas.requests, self._state.options.max_api_requests or API_REQUESTS
            response.headers["Date"] = formatdate(self._state.clock.now(), usegmt=True)
            response.headers["Sforce-Limit-Info"] = f"api-usage={used}/{limit}"
            return response

        return guarded

    def _admit(self, request: Request) -> None:
        if self._state.tokens.use(token_of(request.headers.get("authorization"))) is None:
            raise RestRefusal(401, "INVALID_SESSION_ID", "Session expired or invalid")
        if self._state.quotas.requests_reached:
            raise RestRefusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self._state.quotas.count_request()


def object_of(body: bytes) -> dict[str, Any]:
    """The JSON object in the body of a request.

    Raises:
        RestRefusal: It is not one.
    """
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise RestRefusal(400, "JSON_PARSER_ERROR", str(error)) from None
