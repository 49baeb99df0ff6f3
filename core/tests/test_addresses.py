"""Where the server is, where extensions have a say: schemes of their own, and servers that move."""

from __future__ import annotations

import httpx
import pytest

from core.tests.fake_server import FakeServer, make_client
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import AsyncClient, BayeuxClient, Client, Message, hookimpl
from pybayeux.errors import ExtensionHookError, UsageError


class Acme:
    """Knows the scheme ``acme``."""

    @hookimpl
    def resolve_url(self, url: str) -> str | None:
        scheme, _, name = url.partition("://")
        if scheme != "acme":
            return None
        if not name:
            raise UsageError("url: acme:// lacks the name of a tenant")
        if name == "broken":
            raise ZeroDivisionError
        return f"https://{name}.acme.example/cometd"


@pytest.mark.parametrize("kind", [AsyncClient, Client, BayeuxClient])
def test_an_extension_knows_its_own_scheme(kind: type[AsyncClient]) -> None:
    assert kind("acme://shop", extensions=[Acme()], discover=False).url == "https://shop.acme.example/cometd"


def test_credentials_in_the_resolved_address_are_no_part_of_it() -> None:
    client = AsyncClient("acme://user:pw@shop", extensions=[Acme()], discover=False)
    assert client.url == "https://shop.acme.example/cometd"


def test_a_known_scheme_is_not_asked_about() -> None:
    class Greedy:
        @hookimpl
        def resolve_url(self) -> str:
            raise AssertionError("not asked")

    assert AsyncClient("https://host/x", extensions=[Greedy()], discover=False).url == "https://host/x"


def test_what_is_wrong_with_the_address_is_an_error() -> None:
    with pytest.raises(UsageError, match="lacks the name of a tenant"):
        AsyncClient("acme://", extensions=[Acme()], discover=False)
    with pytest.raises(UsageError, match="got nobody://…, a scheme that no installed extension knows"):
        AsyncClient("nobody://host", extensions=[Acme()], discover=False)
    hint = r"no installed extension knows \(pybayeux-salesforce does: pip install pybayeux-salesforce\)"
    with pytest.raises(UsageError, match=hint):
        AsyncClient("salesforce://my-org", extensions=[Acme()], discover=False)
    with pytest.raises(ExtensionHookError, match="'acme' failed in resolve_url"):
        AsyncClient("acme://broken", extensions=[Acme()], discover=False)


@pytest.mark.parametrize("kind", [AsyncClient, Client, BayeuxClient])
@pytest.mark.parametrize(("url", "what"), [(None, "None"), (80, "80"), (b"http://host/", "an object of type bytes")])
def test_an_address_that_is_no_text_is_an_error(kind: type[AsyncClient], url: str, what: str) -> None:
    with pytest.raises(UsageError, match=f"url: expected an address such as https://host/cometd; got {what}"):
        kind(url, extensions=[Acme()], discover=False)


def server(asked: list[httpx.Request]) -> httpx.AsyncClient:
    """A server that is at every address, and notes how it was asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        fields = {"successful": True, "clientId": "c1", "supportedConnectionTypes": ["long-polling"], "id": "1"}
        channel = "/meta/handshake" if len(asked) == 1 else "/meta/subscribe"
        return httpx.Response(200, json=[fields | {"channel": channel, "id": str(len(asked))}])

    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


@in_virtual_time
async def test_the_next_request_goes_where_the_server_has_moved() -> None:
    asked: list[httpx.Request] = []
    async with BayeuxClient("https://old.example/cometd", http=server(asked), discover=False) as client:
        await client.handshake()
        client.move("https://new.example/cometd")
        await client.subscribe(["/a"])
        assert client.url == "https://new.example/cometd"
    assert [str(request.url) for request in asked] == ["https://old.example/cometd", "https://new.example/cometd"]


class Mover:
    """Learns with the handshake where the server really is."""

    @hookimpl
    def outgoing(self, message: Message, client: BayeuxClient) -> None:
        if message.channel == "/meta/handshake":
            client.move("https://instance.example/cometd")


@in_virtual_time
async def test_a_move_while_a_request_is_prepared_counts_for_it() -> None:
    asked: list[httpx.Request] = []
    client = BayeuxClient("https://login.example/x", http=server(asked), discover=False, extensions=[Mover()])
    async with client:
        await client.handshake()
    assert [str(request.url) for request in asked] == ["https://instance.example/cometd"]


@in_virtual_time
async def test_a_running_client_moves_with_its_session_and_closes_what_it_left() -> None:
    server = FakeServer()
    async with make_client(server) as client, client.subscribe("/a") as events:
        client.move("http://elsewhere/cometd")
        assert client.url == "http://elsewhere/cometd"
        server.push("/a", 1)
        assert (await anext(events)).data == 1
        await settle()
        assert server.opened == 2
        assert server.sessions == 1
    assert server.opened == 0


@pytest.mark.parametrize("url", ["elsewhere", "ftp://host/"])
def test_only_an_address_can_be_moved_to(url: str) -> None:
    client = AsyncClient("https://host/cometd", discover=False)
    with pytest.raises(UsageError):
        client.move(url)
    assert client.url == "https://host/cometd"
