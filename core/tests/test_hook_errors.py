"""Where the errors of `outgoing` stand: as docs/errors.md says."""

from __future__ import annotations

from typing import Any

import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time
from pybayeux import AsyncClient, Drop, Message, hookimpl
from pybayeux.errors import BayeuxError, ExtensionHookError, MessageDropped
from pybayeux.testing import ScriptedServer


def is_about_a(message: Message) -> bool:
    return message.subscription == "/a" or message.channel.endswith("/a")


class Vetoes:
    @hookimpl
    def outgoing(self, message: Message) -> Drop | None:
        return Drop("not today") if is_about_a(message) else None


class Fails:
    @hookimpl
    def outgoing(self, message: Message) -> None:
        if is_about_a(message):
            raise LookupError("no such key")


async def publish(client: AsyncClient) -> Any:
    return await client.publish("/a", 1)


async def call(client: AsyncClient) -> Any:
    return await client.call("a", 1)


async def subscribe(client: AsyncClient) -> Any:
    return await client.subscribe("/a")


async def batch(client: AsyncClient) -> Any:
    async with client.batch() as batch:
        batch.publish("/a", 1)
        batch.publish("/b", 2)
    error, reply = batch.replies
    assert isinstance(reply, Message)
    assert isinstance(error, BaseException)
    raise error


@pytest.mark.parametrize("action", [publish, call, subscribe, batch])
@pytest.mark.parametrize(
    ("extension", "kind", "text", "cause"),
    [
        (Vetoes(), MessageDropped, "404::message_deleted: extension 'vetoes': not today", type(None)),
        (Fails(), ExtensionHookError, "extension 'fails' failed in outgoing: LookupError: no such key", LookupError),
    ],
    ids=["veto", "failure"],
)
@in_virtual_time
async def test_the_caller_gets_the_error_itself(
    action: Any, extension: object, kind: type[BayeuxError], text: str, cause: type
) -> None:
    async with make_client(FakeServer(), extension) as client:
        with pytest.raises(kind) as raised:
            await action(client)
    assert (str(raised.value), type(raised.value.__cause__)) == (text, cause)


@in_virtual_time
async def test_an_error_in_failed_is_logged_once_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    class Unlucky:
        @hookimpl
        def incoming(self) -> None:
            raise ValueError("incoming")

        @hookimpl
        def failed(self) -> None:
            raise ValueError("failed")

    async with AsyncClient("http://x/cometd", extensions=[ScriptedServer(), Unlucky()], discover=False) as client:
        for _ in range(3):
            await client.publish("/orders", 1)
    texts = [each.getMessage() for each in caplog.records if "failed in failed" in each.getMessage()]
    first = "extension 'unlucky' failed in failed: ValueError: failed"
    assert texts[0] == first
    assert len(texts) == 2
    assert texts[1].startswith(f"{first} (")
    assert texts[1].endswith(" times in all)")
