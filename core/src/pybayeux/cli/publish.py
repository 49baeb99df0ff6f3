"""`pybayeux publish`: values from the command line or standard input, published to a channel."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final, NamedTuple

import click
import msgspec

from .. import requests
from ..errors import InvalidChannelError, MessageDropped, PublishError
from ..message import Message
from ..state import ConnectionState
from .failures import EXIT_CODES, Failure, WrongUsage
from .lines import lines
from .options import server_options
from .output import Output
from .pipes import descriptor_of
from .progress import clear_progress, show_progress
from .running import first, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from ..client import AsyncClient
    from .server import Server

__all__ = ("publish",)

_logger: Final = logging.getLogger("pybayeux.cli")
_BATCH_SIZE: Final = 500
"""The most values in one request: more would cost memory and save no time."""

_EPILOG: Final = f"""
\b
Examples:
  pybayeux publish http://localhost:8080/cometd /chat/demo '{{"text": "hi"}}'
      Publish one value. A string needs its quotes: '"hi"'.
  jq -c '.[]' orders.json | pybayeux publish URL /orders
      Publish each line as a value. Lines that are read together are sent together.
  pybayeux publish URL /orders - < orders.jsonl
      Publish the lines of a file.
  pybayeux publish -- URL /numbers -5
      Publish a negative number: after --, nothing is an option.
{EXIT_CODES}"""


class _Value(NamedTuple):
    """A value in JSON, and where it comes from."""

    raw: bytes
    line: int | None

    def __str__(self) -> str:
        return "the value" if self.line is None else f"line {self.line} of standard input"

    def check(self) -> None:
        try:
            msgspec.json.decode(self.raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = """; a string needs its quotes: '"hi"'""" if self.line is None else ""
            raise WrongUsage(f"{self} is not JSON: {error}{hint}") from None


def _check_channel(_context: click.Context, _argument: click.Parameter, name: str) -> str:
    try:
        return requests.publish(name, None).channel
    except InvalidChannelError as error:
        raise click.BadParameter(str(error)) from None


@click.command(epilog=_EPILOG, short_help="Publish JSON values to a channel.")
@server_options
@click.argument("channel", callback=_check_channel)
@click.argument("data", required=False, metavar="[JSON]")
def publish(server: Server, channel: str, data: str | None) -> None:
    """Publish a JSON value to a channel, and write the server's reply to standard output as a line of JSON.

    Without a value, or with "-", each line of standard input is published as a value. The command stops at a line that
    is not JSON; the lines before it are published. It goes on after a line that the server refuses, and exits with 1.
    """
    if data in (None, "-"):
        values = _from_stdin()
    else:
        value = _Value(str(data).encode("utf-8", "surrogateescape"), None)
        value.check()
        values = _alone(value)
    run(_publish(server, channel, values))


async def _alone(value: _Value) -> AsyncIterator[list[_Value]]:
    yield [value]


async def _from_stdin() -> AsyncIterator[list[_Value]]:
    read = 0
    async for together in lines(descriptor_of(sys.stdin, "input")):
        values = [_Value(line, number) for number, line in enumerate(together, read + 1) if line.strip()]
        read += len(together)
        for start in range(0, len(values), _BATCH_SIZE):
            yield values[start : start + _BATCH_SIZE]


async def _publish(server: Server, channel: str, values: AsyncIterator[list[_Value]]) -> None:
    async with server.connected() as client:
        publishing = _Publisher(client, channel)
        # Without the second one, a session that ends while nothing comes in would go unnoticed.
        try:
            await first([publishing.publish_all(values), _end_of(client)])
        finally:
            clear_progress()
    publishing.conclude()


async def _end_of(client: AsyncClient) -> None:
    """Wait for the end of the session, and raise what ended it."""
    await client.wait_for(ConnectionState.DISCONNECTED)
    await client.wait_for(ConnectionState.CONNECTED)


class _Publisher:
    """Publishes values, writes the replies and counts the refusals."""

    def __init__(self, client: AsyncClient, channel: str) -> None:
        self._client: Final = client
        self._channel: Final = channel
        self._output: Final = Output(as_json=True)
        self._published = 0
        self._refused: list[Exception] = []

    async def publish_all(self, values: AsyncIterator[list[_Value]]) -> None:
        """Publish all values. Raises the same errors as `publish`."""
        async for together in values:
            await self.publish(together)
            if not sys.stdout.isatty():  # there, the replies show how far it is
                show_progress(f"{self._published} published")

    async def publish(self, values: Sequence[_Value]) -> None:
        """Publish values as one request, up to the first one that is not JSON.

        Raises:
            WrongUsage: A value is not JSON.
            BayeuxError: It could not be sent, or it is unknown whether it was published.
        """
        good, bad = _until_bad(values)
        async with self._client.batch() as batch:
            for value in good:
                batch.publish(self._channel, msgspec.Raw(value.raw))
        await self._tell(good, batch.replies)
        if bad is not None:
            raise bad

    async def _tell(self, values: Sequence[_Value], outcomes: Sequence[Message | BaseException]) -> None:
        self._published += len(values)
        await self._output.write([reply for reply in map(_reply, outcomes) if reply is not None])
        for value, outcome in zip(values, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                self._note(value, outcome)

    def _note(self, value: _Value, error: BaseException) -> None:
        is_refusal = isinstance(error, MessageDropped) or _reply(error) is not None
        if not isinstance(error, Exception) or not is_refusal:
            raise error
        self._refused.append(error)
        if value.line is not None:
            _logger.error("%s: %s", value, error)

    def conclude(self) -> None:
        """Raise the error that sets the exit code, if a publish was refused."""
        if len(self._refused) == self._published == 1:
            raise self._refused[0]
        if self._refused:
            raise Failure(f"{len(self._refused)} of {self._published} publishes were refused")


def _reply(outcome: Message | BaseException) -> Message | None:
    if isinstance(outcome, Message):
        return outcome
    return outcome.reply if isinstance(outcome, PublishError) else None


def _until_bad(values: Iterable[_Value]) -> tuple[list[_Value], WrongUsage | None]:
    good: list[_Value] = []
    for value in values:
        try:
            value.check()
        except WrongUsage as failure:
            return good, failure
        good.append(value)
    return good, None
