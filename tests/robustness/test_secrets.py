"""Tokens, passwords and client ids stay out of log lines, of reprs and of the texts of errors, whatever goes wrong.

The server here is a gossip: its error pages and refusals repeat all that it was told. Looked at are the loggers of
pybayeux; those of the HTTP library log headers at their debug level, and are its own.
"""

from __future__ import annotations

import json
import logging
import traceback
from typing import TYPE_CHECKING, Any, Final

import pytest

from pybayeux import AsyncClient, BayeuxError, Channel, hookimpl
from pybayeux.errors import PublishError, SessionEndedError, SubscribeError
from pybayeux_auth import Auth
from tests.support.clients import IMPATIENT, take
from tests.support.http_stub import Answer
from tests.support.journal import Journal
from tests.support.loops import in_loop
from tests.support.scripted import Json, Script, ScriptedServer, replies

if TYPE_CHECKING:
    from pybayeux import Message
    from pybayeux.transports.base import TransportRequest, TransportResponse

TOKEN: Final = "t0ken-0f-the-test-4711"
PASSWORD: Final = "pa55w0rd-of-the-test"
CLIENT_ID: Final = "un1qu3c11ent1d"
SECRETS: Final = (TOKEN, PASSWORD, CLIENT_ID)


class Reprs:
    """Notes the repr of everything that a hook is given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    @hookimpl(tryfirst=True)
    def outgoing(self, message: Message, client: AsyncClient) -> None:
        self.texts += [repr(message), repr(message.parse_error()), repr(client)]

    @hookimpl(trylast=True)
    def incoming(self, message: Message, client: AsyncClient) -> None:
        self.texts += [repr(message), repr(message.parse_error()), repr(client)]

    @hookimpl
    def request(self, request: TransportRequest) -> None:
        self.texts.append(repr(request))

    @hookimpl
    def response(self, response: TransportResponse) -> None:
        self.texts.append(repr(response))


class Gossip:
    """What a server says that repeats all it was told.

    Args:
        server: The server, which notes what it is told.
        credential: What it has found in the requests: a token, or the password behind a `Basic` header.
    """

    def __init__(self, server: ScriptedServer, credential: str) -> None:
        self._server = server
        self._credential = credential

    def _all(self, asked: list[Json]) -> str:
        return f"headers {self._server.headers[-1]} body {json.dumps(asked)} sessions"

    def page(self, asked: list[Json]) -> Answer:
        """A debug page, in the manner of web frameworks."""
        return Answer(f"<html><pre>{self._all(asked)}</pre></html>".encode(), status=500, content_type="text/html")

    def broken(self, asked: list[Json]) -> Answer:
        """The request itself, cut off."""
        return Answer(json.dumps(asked).encode()[:-2])

    def strays(self, asked: list[Json]) -> Answer:
        """The requests without their channel, and all of it as text."""
        without = [{name: value for name, value in each.items() if name != "channel"} for each in asked]
        return replies(*without, *[{"data": each} for each in asked], self._all(asked), asked)

    def refusal(self, asked: list[Json]) -> Answer:
        """Refusals that name the client among the arguments, as Faye does, and its credential too."""
        known = f"{asked[0].get('clientId', 'nobody')},{self._credential}"
        members = {"successful": False, "advice": {"reconnect": "retry"}}
        same = ("channel", "id", "subscription")
        refused = members | {"error": f"400:{known}:Bad request of {known}"}
        return replies(*[{name: each[name] for name in same if name in each} | refused for each in asked])

    @property
    def everything(self) -> list[Script]:
        """All of these."""
        return [self.page, self.broken, self.strays, self.refusal]


def text_of(error: BaseException) -> str:
    """All that a report of an error can show."""
    parts = [*traceback.format_exception(error), repr(error), str(error)]
    return "\n".join([*parts, *(value for value in vars(error).values() if isinstance(value, str))])


def assert_secret(texts: list[str]) -> None:
    """None of the secrets is in any of these."""
    assert texts
    assert [text for text in texts if any(secret in text for secret in SECRETS)] == []


def log_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What our loggers said, tracebacks included."""
    formatter = logging.Formatter("%(name)s %(message)s %(args)s")
    return [formatter.format(record) for record in caplog.records if record.name.startswith("pybayeux")]


def made(way: str, url: str, *extensions: object) -> AsyncClient:
    """A client that was given its secret in one of the ways."""
    address, arguments = ways(url)[way]
    arguments["extensions"] = [*arguments.get("extensions", ()), *extensions]
    return AsyncClient(address, discover=False, backoff=IMPATIENT, **arguments)


def credential(way: str) -> str:
    """What a client that was made in this way has to hide."""
    return PASSWORD if way in ("password in the address", "auth argument") else TOKEN


def ways(url: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """The ways of giving a client its secrets: its address and arguments."""
    in_ext = Auth(TOKEN, ext="com.acme.auth/token", messages=("handshake", "connect", "subscribe", "publish"))
    return {
        "header": (url, {"headers": {"Authorization": f"Bearer {TOKEN}"}}),
        "other header": (url, {"headers": {"X-Api-Key": TOKEN}}),
        "extension": (url, {"extensions": [Auth(TOKEN)]}),
        "extension, in ext": (url, {"extensions": [in_ext]}),
        "password in the address": (url.replace("://", f"://user:{PASSWORD}@"), {}),
        "token in the address": (f"{url}?access_token={TOKEN}", {}),
        "auth argument": (url, {"auth": ("user", PASSWORD)}),
    }


WAYS: Final = tuple(ways("http://host/cometd"))


@pytest.mark.parametrize("way", WAYS)
@in_loop
async def test_secrets_through_a_life_of_faults(way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pybayeux")
    journal, reprs = Journal(), Reprs()
    async with ScriptedServer() as server:
        gossip, client = Gossip(server, credential(way)), made(way, server.url, journal, reprs)
        server.client_ids = (f"{CLIENT_ID}-{number}" for number in range(1, 99))
        texts = [repr(client)]
        server.spoil(Channel.META_HANDSHAKE, *gossip.everything)
        server.spoil(Channel.META_CONNECT, *gossip.everything)
        server.spoil(Channel.META_SUBSCRIBE, gossip.page, gossip.broken, gossip.strays)
        async with client:
            events = await client.subscribe("/secret/*")
            server.spoil(Channel.META_SUBSCRIBE, gossip.refusal)
            with pytest.raises(SubscribeError) as refused:
                await client.subscribe("/refused")
            texts += [text_of(refused.value), repr(events)]
            for spoil in gossip.everything:
                server.spoil("/secret/a", spoil)
                with pytest.raises(PublishError) as failed:
                    await client.publish("/secret/a", {"password": PASSWORD})
                texts.append(text_of(failed.value))
            server.forget()
            await server.sever()
            await server.until(lambda: server.subscriptions == ["/secret/*"])
            server.publish("/secret/a", 1)
            assert await take(events, 1) == [1]
            texts += [repr(client), repr(events)]
            server.spoil(Channel.META_DISCONNECT, gossip.page)
        assert journal.errors
        texts += [text_of(error) for error in journal.errors]
        assert_secret([*texts, *reprs.texts, *log_lines(caplog)])


@pytest.mark.parametrize("way", WAYS)
@in_loop
async def test_secrets_of_a_client_that_is_turned_away(way: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "pybayeux")
    journal = Journal()
    async with ScriptedServer() as server:
        gossip, client = Gossip(server, credential(way)), made(way, server.url, journal)
        server.spoil(Channel.META_HANDSHAKE, lambda asked: Answer(gossip.page(asked).body, status=401))
        with pytest.raises(SessionEndedError) as ended:
            await client.start()
    texts = [text_of(error) for error in (ended.value, *journal.errors)]
    assert_secret([*texts, repr(client), *log_lines(caplog)])


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://user:{PASSWORD}@host/cometd",
        f"http://user:{PASSWORD}@host:port/cometd",
        f"user:{PASSWORD}@host/cometd",
        f"http://user:{PASSWORD}@[host/cometd",
    ],
)
def test_secrets_in_an_address_that_is_none(url: str) -> None:
    with pytest.raises(BayeuxError) as error:
        AsyncClient(url, discover=False)
    assert_secret([text_of(error.value)])


def test_secrets_in_options_that_are_wrong() -> None:
    options = {"auth": {"token": TOKEN, "refreshes": PASSWORD}}
    with pytest.raises(BayeuxError) as error:
        AsyncClient("http://host/cometd", options=options)
    assert_secret([text_of(error.value)])
