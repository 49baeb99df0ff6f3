"""The examples of tokens of one's own, against a server that plays the vendor's."""

from __future__ import annotations

import ast
from base64 import b64encode
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from cumulocity import Cumulocity
from pybayeux import AsyncClient, Client, Message, TransportRequest
from pybayeux.errors import SessionEndedError, SubscribeError
from servicenow import ServiceNow
from tests.docs.program import EXAMPLES
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory

MODULES = sorted((EXAMPLES / "custom-auth").glob("*.py"))
TOKEN = b64encode(b"t123/jane:secret").decode()


def code_lines(path: Path) -> int:
    """How many lines have code: no comment, no docstring, nothing blank."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [node.body[0] for node in ast.walk(tree) if isinstance(node, documented) and ast.get_docstring(node)]
    in_text = {line for text in texts for line in range(text.lineno, (text.end_lineno or 0) + 1)}
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    return sum(1 for number, line in lines if number not in in_text and line.split("#")[0].strip())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_example_is_short(path: Path) -> None:
    assert 10 < code_lines(path) < 40


def test_no_example_is_forgotten() -> None:
    assert [path.name for path in MODULES] == ["cumulocity.py", "servicenow.py"]


# -- Cumulocity


@pytest.fixture
def cumulocity(bayeux_server_factory: ServerFactory) -> BlockingServer:
    """Plays Cumulocity, which denies a handshake for good, as CometD does."""
    style = {"token_member": "com.cumulocity.authn", "auth_style": "salesforce"}
    return bayeux_server_factory(tokens=(TOKEN,), replay=False, **style)


def test_cumulocity_lets_the_user_in(cumulocity: BlockingServer) -> None:
    with (
        Client(cumulocity.url, extensions=[Cumulocity("t123/jane", "secret", tfa="123456")]) as client,
        client.subscribe("/measurements/42") as events,
    ):
        cumulocity.publish("/measurements/42", {"data": {"value": 7}})
        assert next(events).data == {"data": {"value": 7}}
    [handshake] = cumulocity.recorder.messages("/meta/handshake")
    assert handshake["ext"]["com.cumulocity.authn"] == {"token": TOKEN, "tfa": "123456"}
    [subscribe] = cumulocity.recorder.messages("/meta/subscribe")
    assert "com.cumulocity.authn" not in subscribe.get("ext", {})


def test_cumulocity_refuses_a_wrong_password(cumulocity: BlockingServer) -> None:
    client = Client(cumulocity.url, extensions=[Cumulocity("t123/jane", "wrong")])
    with pytest.raises(SessionEndedError, match="403::Handshake denied"), client:
        pass


def test_cumulocity_with_login_cookies_gets_the_token_alone() -> None:
    handshake = Message(channel="/meta/handshake", ext={"ack": True})
    Cumulocity(xsrf_token="x").outgoing(handshake)
    assert handshake.ext == {"ack": True, "com.cumulocity.authn": {"xsrfToken": "x"}}


def test_cumulocity_wants_a_tenant() -> None:
    with pytest.raises(ValueError, match="expected tenant and name, as in 't123/jane'; got 'jane'"):
        Cumulocity("jane", "secret")


# -- ServiceNow


class Instance:
    """Plays a ServiceNow instance: what its replies say of the login, and whether it knows the headers of one."""

    def __init__(self, start: ServerFactory) -> None:
        self.status = "session.logged.in"
        self.active = True
        self.private = "/rw/default/secret/**"
        self.logins = (f"JSESSIONID={number}" for number in count(1))
        self.helps = True
        self.server = start(reply_ext=self.ext, timeout=0.2, replay=False)

    def ext(self, reply: dict[str, Any]) -> dict[str, Any]:
        if reply.get("subscription") == self.private:
            why = "the channel is not public"
            return {"glide.amb.reply.status.code": 403, "glide.amb.reply.status.message": why}
        if reply["channel"] == "/meta/subscribe":
            return {"glide.amb.active": self.active}
        return {"glide.session.status": self.status}

    def login(self) -> dict[str, str]:
        if self.helps:
            self.status = "session.logged.in"
        return {"Cookie": next(self.logins), "X-UserToken": "token"}

    def cookies(self, channel: str) -> list[str]:
        """The login cookie of each request to a channel."""
        requests = [each for each in self.server.recorder.requests if each.messages[0]["channel"] == channel]
        assert all(request.headers["x-usertoken"] == "token" for request in requests)
        return [request.headers["cookie"].split(";")[0] for request in requests]


@pytest.fixture
def instance(bayeux_server_factory: ServerFactory) -> Instance:
    return Instance(bayeux_server_factory)


def client_of(instance: Instance) -> AsyncClient:
    return AsyncClient(instance.server.url, extensions=[ServiceNow(instance.login)], transports=["long-polling"])


@in_loop
async def test_servicenow_gets_the_login_with_every_request(instance: Instance) -> None:
    async with client_of(instance) as client, client.subscribe("/rw/default/incident/**") as events:
        instance.server.publish("/rw/default/incident/1", {"operation": "update"})
        assert (await anext(events)).data == {"operation": "update"}
    for channel in ("/meta/handshake", "/meta/connect", "/meta/subscribe"):
        assert set(instance.cookies(channel)) == {"JSESSIONID=1"}


@in_loop
async def test_servicenow_refuses_a_channel_in_its_own_way(instance: Instance) -> None:
    async with client_of(instance) as client:
        with pytest.raises(SubscribeError, match="the channel is not public") as refused:
            await client.subscribe(instance.private)
        assert refused.value.code == 403
        assert client.state == "connected"


@pytest.mark.parametrize("status", ["session.logged.out", "session.invalidated"])
def test_servicenow_is_logged_in_to_again(instance: Instance, status: str) -> None:
    @in_loop
    async def run() -> None:
        async with client_of(instance) as client, client.subscribe("/rw/default/incident/**") as events:
            instance.status = status
            await instance.server.recorder.received("/meta/subscribe", 2)
            instance.server.publish("/rw/default/incident/1", 1)
            assert (await anext(events)).data == 1

    run()
    assert instance.cookies("/meta/handshake") == ["JSESSIONID=1", "JSESSIONID=2"]


@in_loop
async def test_servicenow_ends_where_a_new_login_does_not_help(instance: Instance) -> None:
    client = client_of(instance)
    async with client, client.subscribe("/rw/default/incident/**") as events:
        instance.helps, instance.status = False, "session.logged.out"
        with pytest.raises(SessionEndedError, match="even after a new login"):
            await anext(events)
    assert instance.cookies("/meta/handshake") == ["JSESSIONID=1", "JSESSIONID=2"]


@in_loop
async def test_servicenow_is_left_where_its_bus_is_off(instance: Instance) -> None:
    instance.active = False
    client = client_of(instance)
    async with client, client.subscribe("/rw/default/incident/**") as events:
        with pytest.raises(SessionEndedError, match="turned off its message bus"):
            await anext(events)
    assert len(instance.cookies("/meta/handshake")) == 1


@in_loop
async def test_servicenow_login_is_for_its_own_server(instance: Instance) -> None:
    client = client_of(instance)
    for url, sent in [("http://elsewhere/amb", []), (client.url, ["Cookie", "X-UserToken"])]:
        request = TransportRequest(url, {}, "long-polling")
        await ServiceNow(instance.login).request(request, client)
        assert sorted(request.headers) == sent
