"""Long-polling: a POST for each exchange (Bayeux 1.0, section 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote_plus, urlsplit

from .body import MAX_RESPONSE_SIZE
from .http_call import HttpCall
from .splitting import SizeLimit, send_in_parts

if TYPE_CHECKING:
    from ..message import Message
    from .base import TransportContext

__all__ = ("LongPolling",)

_JSON: Final = "application/json;charset=UTF-8"
_FORM: Final = "application/x-www-form-urlencoded"
_META: Final = "/meta/"


class LongPolling:
    """The transport that every server has.

    Args:
        context: The client's side of the transport.
        append_message_type: Post a lone meta message to ``url/handshake``, ``url/connect`` and so on, as CometD's
            clients do, where proxies or logs are to tell them apart. Never done where the URL has a query or its last
            segment a dot. Salesforce answers such addresses with errors.
        form: Send a form with the field ``message``, for gateways that let no JSON through. Faye takes it, CometD 8
            does not.
        max_response_size: Bytes of an answer's body, decompressed, beyond which the exchange fails and reads no
            further; 64 MB by default, None for no limit.
        max_request_size: Bytes of a request's body (Salesforce takes 32768): a batch that is larger is sent as several
            requests, one after the other; a message that is larger by itself fails. Unlimited by default.

    Raises:
        UsageError: A limit less than one.
    """

    connection_type: Final = "long-polling"

    def __init__(
        self,
        context: TransportContext,
        *,
        append_message_type: bool = False,
        form: bool = False,
        max_response_size: int | None = MAX_RESPONSE_SIZE,
        max_request_size: int | None = None,
    ) -> None:
        from .http import HttpRequester  # with it httpx: slow to import, and not needed to show a help text

        self._url: Final = context.url
        self._appends: Final = append_message_type and _may_be_appended_to(context.url)
        self._form: Final = form
        self._limit: Final = (
            None
            if max_request_size is None
            else SizeLimit(max_request_size, "bytes", "max_request_size", lambda json: len(self._body(json)))
        )
        self._requester: Final = HttpRequester(context, self.connection_type, max_response_size=max_response_size)

    async def exchange(self, messages: list[Message]) -> None:
        """Post these messages as one array and receive the array that comes back.

        Raises:
            TransportError: No connection, a status other than 200, an empty body, or more than a limit allows.
            MessageDecodeError: A body that is not Bayeux.
        """
        await send_in_parts(messages, self._limit, self._post)

    async def close(self) -> None:
        """Close the connections, unless the httpx client is the user's."""
        await self._requester.close()

    async def _post(self, messages: list[Message], json: bytes) -> None:
        headers = {"Content-Type": _FORM if self._form else _JSON}
        await self._requester.exchange(HttpCall("POST", self._url_for(messages), self._body(json), headers))

    def _body(self, json: bytes) -> bytes:
        return f"message={quote_plus(json)}".encode() if self._form else json

    def _url_for(self, messages: list[Message]) -> str:
        if not self._appends or len(messages) != 1 or not messages[0].is_meta:
            return self._url
        return f"{self._url.rstrip('/')}/{messages[0].channel.removeprefix(_META)}"


def _may_be_appended_to(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.query and "." not in parts.path.rstrip("/").rpartition("/")[2]
