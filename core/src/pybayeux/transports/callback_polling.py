"""Callback-polling: a GET for each exchange, answered by a script (Bayeux 1.0, section 6.2; JSONP)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ..errors import MessageDecodeError
from .body import MAX_RESPONSE_SIZE
from .http_call import HttpCall
from .splitting import SizeLimit, send_in_parts

if TYPE_CHECKING:
    from ..message import Message
    from .base import TransportContext

__all__ = ("CallbackPolling", "unwrap_script")

_CALLBACK: Final = "jsonpcallback"
"""The name that the specification has for where none is given."""

_PLAIN: Final = "!'()*,:;@/?$"
"""What a query may hold as it is (RFC 3986, section 3.4) and no server takes for something else."""

# Faye begins with an empty comment, so that the answer is no program of another kind (CVE-2014-4671).
# Possessive: each comment ends at its first end. Else many of them could be read in more ways than there is time for.
_BEGINNING: Final = re.compile(rb"(?:\s|(?>/\*.*?\*/))*+[\w$.]++\s*+\(", re.DOTALL)
_END: Final = re.compile(rb"\)[\s;]*\Z")


class CallbackPolling:
    """For servers and gateways that let nothing but GET through.

    The messages are in the address, the client id too, and addresses stand in the logs of servers and proxies, and in
    httpx's own at level INFO: prefer long-polling wherever it works.

    Args:
        context: The client's side of the transport.
        max_uri_length: Characters of an address: a batch that makes a longer one is sent as several requests, one
            after the other; a message that makes one by itself fails.
        max_response_size: Bytes of an answer's body, decompressed, beyond which the exchange fails and reads no
            further; 64 MB by default, None for no limit.

    Raises:
        UsageError: A limit less than one.
    """

    connection_type: Final = "callback-polling"

    def __init__(
        self,
        context: TransportContext,
        *,
        max_uri_length: int = 2000,
        max_response_size: int | None = MAX_RESPONSE_SIZE,
    ) -> None:
        from .http import HttpRequester  # with it httpx: slow to import, and not needed to show a help text

        self._beginning: Final = f"{context.url}{'&' if '?' in context.url else '?'}jsonp={_CALLBACK}&message="
        self._limit: Final = SizeLimit(
            max_uri_length, "characters of an address", "max_uri_length", lambda json: len(self._url(json))
        )
        self._requester: Final = HttpRequester(
            context, self.connection_type, unwrap=unwrap_script, max_response_size=max_response_size
        )

    async def exchange(self, messages: list[Message]) -> None:
        """Send these messages in the address of one GET, and receive the array that comes back.

        Raises:
            TransportError: No connection, a status other than 200, an empty body, or more than a limit allows.
            MessageDecodeError: A body that is not a script with Bayeux in it.
        """
        await send_in_parts(messages, self._limit, self._get)

    async def close(self) -> None:
        """Close the connections, unless the httpx client is the user's."""
        await self._requester.close()

    async def _get(self, messages: list[Message], json: bytes) -> None:
        # Every client's first handshake has the same address: a cache would give all of them one session.
        headers = {"Accept": "*/*", "Cache-Control": "no-cache"}
        public = frozenset({_CALLBACK, json.decode()})
        await self._requester.exchange(HttpCall("GET", self._url(json), headers=headers, public=public))

    def _url(self, json: bytes) -> str:
        return f"{self._beginning}{quote(json, safe=_PLAIN)}"


def unwrap_script(body: bytes) -> bytes:
    """The JSON in ``callback([...]);``, or the body itself where it is no call but JSON already.

    Raises:
        MessageDecodeError: It is neither.
    """
    text = body.strip()
    if text[:1] in (b"[", b"{"):
        return text
    beginning = _BEGINNING.match(text)
    end = _END.search(text, beginning.end()) if beginning is not None else None
    if beginning is None or end is None:
        raise MessageDecodeError("no script that calls a function with messages")
    return text[beginning.end() : end.start()]
