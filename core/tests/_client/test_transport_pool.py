from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux._client.transport_pool import TransportPool
from pybayeux._util.redact import Redactor
from pybayeux.errors import UsageError
from pybayeux.transports.base import DONE, TransportContext


@dataclass
class RecordedTransport:
    """A transport that notes what it was given."""

    context: TransportContext
    closed: bool = False

    async def exchange(self, messages: Any) -> None: ...

    async def close(self) -> None:
        self.closed = True


async def _nothing(_: object) -> None: ...


CONTEXT = TransportContext(
    url="https://a.example/bayeux?x=1",
    receive=lambda messages: DONE,
    on_request=_nothing,
    on_response=_nothing,
    redact=Redactor(),
    headers={"X-Key": "k"},
    auth=("user", "pw"),
)


def pool(trusted: tuple[str, ...] = (), **urls: str) -> TransportPool:
    options: dict[str, dict[str, str]] = {name.replace("_", "-"): {"url": u} for name, u in urls.items()}
    return TransportPool(CONTEXT, {"long-polling": RecordedTransport, "websocket": RecordedTransport}, options, trusted)


def context(made: Any) -> TransportContext:
    assert isinstance(made, RecordedTransport)
    return made.context


@in_virtual_time
async def test_each_is_made_once_and_all_are_closed() -> None:
    all_transports = pool()
    made = all_transports.get("long-polling")
    assert all_transports.get("long-polling") is made
    assert all_transports.get("websocket") is not made
    await all_transports.close()
    assert isinstance(made, RecordedTransport)
    assert made.closed
    again = all_transports.get("long-polling")
    assert again is not made
    assert context(again).cookies is not context(made).cookies
    await asyncio.sleep(0)


def test_transports_of_one_client_share_their_cookies() -> None:
    all_transports = pool()
    assert context(all_transports.get("long-polling")).cookies is context(all_transports.get("websocket")).cookies


def test_a_transport_may_have_an_address_of_its_own() -> None:
    all_transports = pool(websocket="wss://b.example/ws")
    assert context(all_transports.get("websocket")).url == "wss://b.example/ws"
    assert context(all_transports.get("long-polling")).url == CONTEXT.url


@pytest.mark.parametrize("url", ["nowhere", "ftp://host/x", "https://user:pw@host/x"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match="url"):
        pool(websocket=url)


def test_another_host_is_asked_without_credentials() -> None:
    made = context(pool().get("long-polling", "b.example:8080"))
    assert made.url == "https://b.example:8080/bayeux"  # a query may be a credential
    assert (made.headers, made.auth, made.anonymous) == ({}, None, True)
    assert made.cookies is not CONTEXT.cookies


@pytest.mark.parametrize("host", ["b.example:8080", "https://b.example:8080", "https://b.example:8080/"])
def test_a_host_that_the_user_trusts_sees_them(host: str) -> None:
    made = context(pool(trusted=("b.example:8080",)).get("long-polling", host))
    assert made.url == "https://b.example:8080/bayeux?x=1"
    assert (made.headers, made.auth, made.anonymous) == (CONTEXT.headers, CONTEXT.auth, False)


def test_a_host_may_be_a_whole_address() -> None:
    assert pool().url("http://b.example/other") == "http://b.example/other"
    assert pool().url(None) == CONTEXT.url


def test_an_unencrypted_host_is_not_trusted_if_the_own_server_is_encrypted() -> None:
    assert context(pool(trusted=("b.example",)).get("long-polling", "http://b.example")).anonymous
