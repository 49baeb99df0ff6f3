"""The hooks, with a fake client and fake requests."""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest

from extensions.auth.tests.fake_client import URL, FakeClient, FakeHook, Session, make_request
from pybayeux import Advice, Channel, Message
from pybayeux_auth import Auth, Grant

if TYPE_CHECKING:
    from collections.abc import Callable


# -- the token in requests


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "Bearer secret"),
        ({"scheme": "OAuth"}, "OAuth secret"),
        ({"scheme": ""}, "secret"),
        ({"ext": "token"}, None),
        ({"ext": "token", "header": "Authorization"}, "Bearer secret"),
    ],
)
def test_the_header_has_scheme_and_token(options: dict[str, Any], expected: str | None) -> None:
    assert Session(Auth("secret", **options)).header() == expected


def test_a_custom_header_replaces_an_existing_one() -> None:
    request = make_request(**{"X-Session": "old", "Accept": "*/*"})
    session = Session(Auth("secret", header="X-Session", scheme=""))
    asyncio.run(session.auth.request(request, session.client.as_client))
    assert request.headers == {"X-Session": "secret", "Accept": "*/*"}


def test_the_token_goes_to_its_own_server_only(caplog: pytest.LogCaptureFixture) -> None:
    session = Session(Auth("secret", hosts=("backup.example.com",)))
    with caplog.at_level(logging.WARNING, "pybayeux.auth"):
        assert session.header("https://evil.com/cometd") is None
        assert session.header("http://example.com/cometd") is None
    assert len(caplog.records) == 2
    assert "evil.com" in caplog.text
    assert "secret" not in caplog.text
    assert session.header("wss://example.com/cometd") == "Bearer secret"
    assert session.header("https://backup.example.com/cometd") == "Bearer secret"


def test_existing_ext_members_are_kept() -> None:
    session = Session(Auth("secret", ext="com.example.token"))
    message = session.send(Channel.META_HANDSHAKE, ext={"ack": True})
    assert message.ext == {"ack": True, "com.example.token": "secret"}
    assert session.send(Channel.META_SUBSCRIBE, "/orders").ext is None
    assert session.send("/orders").ext is None


def test_a_path_creates_nested_objects() -> None:
    session = Session(Auth("secret", ext="com.example.authn/token"))
    message = session.send(Channel.META_HANDSHAKE, ext={"com.example.authn": {"tfa": 1}})
    assert message.ext == {"com.example.authn": {"tfa": 1, "token": "secret"}}


def test_chosen_messages_get_the_token() -> None:
    session = Session(Auth("secret", ext="token", messages=("subscribe", "publish")))
    for channel, expected in (
        (Channel.META_HANDSHAKE, None),
        (Channel.META_CONNECT, None),
        (Channel.META_UNSUBSCRIBE, None),
        (Channel.META_DISCONNECT, None),
        (Channel.META_SUBSCRIBE, {"token": "secret"}),
        ("/orders", {"token": "secret"}),
        ("/service/echo", {"token": "secret"}),
    ):
        assert session.send(channel).ext == expected


@pytest.mark.parametrize("ext", ["", "/token", "a//b", "token/"])
def test_a_path_with_an_empty_name_is_an_error(ext: str) -> None:
    with pytest.raises(ValueError, match="expected a name"):
        Auth("secret", ext=ext)


def test_the_repr_hides_the_token() -> None:
    auth = Auth("secret", ext="a/token", header="Authorization")
    assert repr(auth) == "Auth(token=***, in Authorization and a/token)"
    assert "secret" not in f"{auth} {Auth(lambda: 'secret')!r}"


# -- grants and moves


def _session(token: object = "secret", **options: Any) -> tuple[Session, FakeHook]:
    client = FakeClient()
    client.authenticated = FakeHook(client)
    return Session(Auth(cast("Any", token), **options), client), client.authenticated


def _granted() -> Callable[[], Grant]:
    numbers = count(1)
    return lambda: Grant(access_token=f"token-{next(numbers)}", org_id="00D1")


def test_grant_and_number_of_logins() -> None:
    session, _ = _session(_granted())
    seen = [(session.auth.grant, session.auth.logins)]
    session.send(Channel.META_HANDSHAKE)
    seen.append((session.auth.grant, session.auth.logins))
    session.refused(Channel.META_CONNECT)
    seen.append((session.auth.grant, session.auth.logins))
    session.header()
    seen.append((session.auth.grant, session.auth.logins))
    first, second = (Grant(access_token=f"token-{number}", org_id="00D1") for number in (1, 2))
    assert seen == [(None, 0), (first, 1), (None, 1), (second, 2)]


def test_authenticated_is_called_before_the_handshake() -> None:
    session, hook = _session(_granted())
    session.send(Channel.META_SUBSCRIBE, "/orders")
    assert hook.grants == []
    session.send(Channel.META_HANDSHAKE)
    session.header()
    session.send(Channel.META_HANDSHAKE)
    assert [grant.access_token for grant in hook.grants] == ["token-1"]
    session.refused(Channel.META_CONNECT)
    session.header()
    assert [grant.access_token for grant in hook.grants] == ["token-1", "token-2"]


def test_authenticated_is_called_for_a_static_token() -> None:
    session, hook = _session("secret")
    session.send(Channel.META_HANDSHAKE)
    session.header()
    assert hook.grants == [Grant(access_token="secret")]


def test_authenticated_is_skipped_if_the_package_is_not_installed() -> None:
    session = Session(Auth("secret"))
    session.send(Channel.META_HANDSHAKE)
    assert session.header() == "Bearer secret"


def test_the_token_follows_a_move_in_authenticated() -> None:
    session, hook = _session(_granted())
    hook.moves_to = "https://my-org.example.com/cometd"
    session.send(Channel.META_HANDSHAKE)
    assert session.header(hook.moves_to) == "Bearer token-1"
    assert session.header("https://evil.com/cometd") is None


def test_a_pending_request_keeps_its_token_after_a_move() -> None:
    session, hook = _session(_granted())
    hook.moves_to = "https://my-org.example.com/cometd"
    assert session.header(URL) == "Bearer token-1"  # the token came, and the client moved, while it waited
    assert session.header(hook.moves_to) == "Bearer token-1"


def test_the_token_follows_a_move_by_code() -> None:
    session, _ = _session("secret", ext="token", header="Authorization")
    session.client.url = "https://my-org.example.com/cometd"
    assert session.header(session.client.url) == "Bearer secret"
    assert session.send(Channel.META_HANDSHAKE).ext == {"token": "secret"}


def test_an_advised_host_gets_no_token(caplog: pytest.LogCaptureFixture) -> None:
    session, _ = _session("secret", ext="token", header="Authorization")
    advice = Advice(hosts=["evil.example.com"])
    session.auth.incoming(Message(channel=Channel.META_CONNECT, advice=advice), session.client.as_client)
    session.client.url = "https://evil.example.com/cometd"
    assert session.header(session.client.url) is None
    assert session.send(Channel.META_HANDSHAKE).ext is None
    session.client.url = URL
    assert session.header() == "Bearer secret"
    assert "secret" not in caplog.text


def test_timeouts_are_extended_while_a_request_waits_for_its_token() -> None:
    async def scenario() -> None:
        going = asyncio.Event()

        async def login() -> str:
            await going.wait()
            return "secret"

        auth, client = Auth(login), FakeClient()
        auth.registered(client.as_client)
        assert auth.extend_timeout() is None
        waiting = asyncio.create_task(auth.request(make_request(), client.as_client))
        await asyncio.sleep(0)
        assert (auth.extend_timeout() or 0) > 0
        going.set()
        await waiting
        assert auth.extend_timeout() is None

    asyncio.run(scenario())


def test_log_in_without_a_client() -> None:
    assert asyncio.run(Auth(_granted()).log_in()) == Grant(access_token="token-1", org_id="00D1")
