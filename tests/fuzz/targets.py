"""The targets: functions that take any bytes, and raise if what must hold does not.

Each allows the documented exceptions of what it calls, and no other. It takes what a server sends, so there is no input
that a target may not be given.
"""

from __future__ import annotations

import contextlib
import json
import math
import zlib
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec

from pybayeux import Advice, Channel, Message, decode, encode, printable, requests
from pybayeux._util.redact import Redactor
from pybayeux._util.text import Utf8Stream, to_utf8
from pybayeux.cli.output import as_json_lines
from pybayeux.codec import advice_from, damage_of, decode_batch
from pybayeux.errors import BayeuxError, InvalidChannelError, MessageDecodeError, TransportError
from pybayeux.transports.body import read_body
from pybayeux.transports.callback_polling import unwrap_script
from pybayeux.transports.cookies import CookieJar
from pybayeux.transports.http_failures import seconds_to_wait
from pybayeux.transports.redirects import read_redirect
from pybayeux.transports.slicing import slices_of
from tests.fuzz.client_target import client
from tests.fuzz.session_target import session

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("TARGETS",)

_URL: Final = "https://user:password@host.example/cometd"
_LIMIT: Final = 100_000
_LONGEST_TEXT: Final = 2000


def decoder(data: bytes) -> None:
    """Bytes are messages or a MessageDecodeError, whole or in slices, and each message can be looked at and sent."""
    try:
        batch = decode_batch(data)
    except MessageDecodeError as error:
        _check_text(error, _LONGEST_TEXT)
        return
    damaged = set(map(id, batch.damaged))
    for message in batch.messages:
        assert (damage_of(message) is not None) == (id(message) in damaged)
        _look_at(message)
    encode(batch.messages)
    for line in as_json_lines(batch.messages).splitlines():
        json.loads(line, parse_constant=_no_json)
    with contextlib.suppress(MessageDecodeError):  # only an array can be sliced
        sliced = [message for some in slices_of([data]) for message in some.messages]
        assert [message.channel for message in sliced] == [message.channel for message in batch.messages]


def _check_text(error: BayeuxError, longest: int) -> None:
    text = str(error)
    assert text.isprintable()
    assert len(text) <= longest


def _no_json(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _look_at(message: Message) -> None:
    with contextlib.suppress(MessageDecodeError):
        message.data  # noqa: B018
    repr(message)
    message.raw_members()
    message.parse_error()
    message.timestamp_as_time()
    message.get_ext()
    if message.advice is not None:
        _follow(message.advice)


def _follow(advice: Advice) -> None:
    advice.timeout_as_duration()
    advice.interval_as_duration()
    assert advice.should_retry() + advice.should_handshake() + advice.must_not_retry_or_handshake() <= 1


def advice(data: bytes) -> None:
    """Any object is an advice whose durations can be read."""
    try:
        members = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return
    if isinstance(members, dict):
        _follow(advice_from(members))


def script(data: bytes) -> None:
    """A script of callback-polling holds JSON, or there is a MessageDecodeError."""
    try:
        content = unwrap_script(data)
    except MessageDecodeError:
        return
    assert content in data
    decoder(content)


def channel(data: bytes) -> None:
    """Any text is a channel that is refused, or one that can be sent and that its own patterns cover."""
    text = data.decode("utf-8", "surrogatepass") if data.isascii() else data.decode("utf-8", "replace")
    name, _, other = text.partition("\n")
    Channel(name).match(other)
    try:
        accepted = requests.check_channel(name)
    except InvalidChannelError as error:
        _check_text(error, 12 * len(data) + _LONGEST_TEXT)  # the name is the user's own
        return
    assert requests.check_channel(accepted) == accepted
    assert decode(encode([Message(channel=accepted)]))[0].channel == accepted
    if not accepted.has_wildcard() and "?" not in accepted:  # events come without the filter of a subscription
        patterns = list(accepted.covering_patterns())
        assert all(Channel(pattern).match(accepted) for pattern in patterns)
        assert len(patterns) <= accepted.count("/") + 3


def text(data: bytes) -> None:
    """Text in any encoding is the same in one piece and in many; what is shown of it has no control characters."""
    charset, _, content = data.partition(b"\n")
    to_utf8(content, charset.decode("latin-1"))
    stream = Utf8Stream()
    pieces = [stream.feed(content[start : start + 1]) for start in range(len(content))]
    assert len(b"".join([*pieces, stream.feed(b"", final=True)])) <= 4 * len(content) + 4
    shown = printable(content.decode("utf-8", "replace"))
    assert shown.isprintable()


def redactor(data: bytes) -> None:
    """A known secret is in no text, cut or not."""
    secret, _, content = data.decode("utf-8", "replace").partition("\n")
    redact = Redactor()
    redact.remember(secret)
    shown = redact(content)
    assert len(shown) <= 200
    if len(secret) >= 6 and not set(secret) & set("* \t:="):
        assert secret not in shown


def cookies(data: bytes) -> None:
    """Lines are `Set-Cookie` headers: what goes back to the server is one header, and none to another host."""
    jar = CookieJar()
    lines = data.decode("latin-1").split("\n")[:400]
    jar.take(_URL, [("set-cookie", line) for line in lines])
    header = jar.header(_URL) or ""
    assert not set(header) & {"\r", "\n", "\0"}
    assert jar.header("https://other.example/cometd", anonymous=True) is None
    assert header.count("; ") <= _LIMIT


def redirect(data: bytes) -> None:
    """A `Location` leads to an http address, and never from TLS; its text has neither user nor query."""
    found = read_redirect(307, _URL, data.decode("latin-1"))
    assert found is not None
    if found.url is not None:
        assert found.url.startswith("https:")
        with contextlib.suppress(httpx.InvalidURL):
            httpx.URL(found.url)
    assert "password" not in found.text or b"password" in data


def headers(data: bytes) -> None:
    """`Retry-After` is a number of seconds that can be waited, or nothing."""
    value = data.decode("latin-1")
    wait = seconds_to_wait(value)
    assert wait is None or (math.isfinite(wait) and wait >= 0)


class _Response:
    """An answer as httpx has it: a content coding, a charset, and a body in pieces."""

    is_stream_consumed = False
    status_code = 200

    def __init__(self, coding: str, charset: str, body: bytes) -> None:
        self.headers = {"Content-Encoding": coding}
        self.charset_encoding = charset
        self.request = httpx.Request("POST", "http://host.example/")
        self._body = body

    async def aiter_raw(self) -> Any:
        for start in range(0, len(self._body), 7):
            yield self._body[start : start + 7]


def body(data: bytes) -> None:
    """A compressed body is read up to the limit, or there is a TransportError."""
    coding, _, content = data.partition(b"\n")
    name, _, charset = coding.decode("latin-1").partition(" ")
    for packed in (content, zlib.compress(content)):
        coroutine = read_body(_Response(name, charset, packed), limit=1000)
        with contextlib.suppress(TransportError):
            read = _finish(coroutine)
            assert read.complete or len(content) > 0
            assert len(read.content) <= 4 * 1000 + 4


def _finish(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing."""
    try:
        while True:
            coroutine.send(None)
    except StopIteration as end:
        return end.value


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    target.__name__: target
    for target in (
        advice,
        body,
        channel,
        client,
        cookies,
        decoder,
        headers,
        redactor,
        redirect,
        script,
        session,
        text,
    )
}
"""What can be fuzzed, by name."""
