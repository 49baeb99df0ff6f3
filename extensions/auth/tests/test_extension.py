"""The hooks, with stand-ins for client and request."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Advice, Channel, ConnectionState, Message, TransportRequest, errors
from pybayeux_auth import Auth, Grant, LoginPausedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import AsyncClient

_URL = "https://example.com/cometd"


@dataclass
class FakeHook:
    """The hook `authenticated`, with an implementation that may move the client."""

    client: FakeClient
    grants: list[Grant] = field(default_factory=list)
    moves_to: str | None = None

    async def acall(self, grant: Grant, client: AsyncClient) -> None:
        assert client is self.client.as_client
        self.grants.append(grant)
        if self.moves_to is not None:
            self.client.url = self.moves_to


@dataclass
class FakeClient:
    url: str = _URL
    state: ConnectionState = ConnectionState.CONNECTED
    reasons: list[str] = field(default_factory=list)
    authenticated: FakeHook | None = None

    def hook(self, name: str) -> FakeHook:
        if self.authenticated is None:
            raise errors.UsageError("no installed package brings it")
        assert name == "authenticated"
        return self.authenticated

    def rehandshake(self, reason: str) -> None:
        self.reasons.append(reason)

    @property
    def as_client(self) -> AsyncClient:
        return cast("AsyncClient", self)


def _request(url: str = _URL, **headers: str) -> TransportRequest:
    return TransportRequest(url, headers, "long-polling")


class Session:
    """An extension at work: sends messages through it and answers them."""

    def __init__(self, auth: Auth, client: FakeClient | None = None) -> None:
        self.auth = auth
        self.client = client or FakeClient()
        self._ids = count(1)
        auth.registered(self.client.as_client)

    def send(self, channel: str, subscription: str | None = None, ext: dict[str, Any] | None = None) -> Message:
        message = Message(channel=channel, subscription=subscription, ext=ext, id=str(next(self._ids)))
        asyncio.run(self.auth.outgoing(message, self.client.as_client))
        return message

    def answer(self, request: Message, error: str | None = None) -> bool:
        """Answer a request; whether that began a session anew."""
        before = len(self.client.reasons)
        reply = Message(
            channel=request.channel,
            subscription=request.subscription,
            id=request.id,
            successful=error is None,
            error=error,
        )
        self.auth.incoming(reply, self.client.as_client)
        return len(self.client.reasons) > before

    def refused(self, channel: str, subscription: str | None = None) -> bool:
        return self.answer(self.send(channel, subscription), "401::Authentication invalid")

    def accepted(self, channel: str, subscription: str | None = None) -> bool:
        return self.answer(self.send(channel, subscription))

    def header(self, url: str = _URL) -> str | None:
        request = _request(url)
        asyncio.run(self.auth.request(request, self.client.as_client))
        return request.headers.get("Authorization")


def _numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"token-{next(numbers)}"


# -- where the token goes


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
def test_the_header(options: dict[str, Any], expected: str | None) -> None:
    assert Session(Auth("secret", **options)).header() == expected


def test_another_header_and_one_that_is_there_already() -> None:
    request = _request(**{"X-Session": "old", "Accept": "*/*"})
    session = Session(Auth("secret", header="X-Session", scheme=""))
    asyncio.run(session.auth.request(request, session.client.as_client))
    assert request.headers == {"X-Session": "secret", "Accept": "*/*"}


def test_the_token_goes_to_its_own_server_alone(caplog: pytest.LogCaptureFixture) -> None:
    session = Session(Auth("secret", hosts=("backup.example.com",)))
    with caplog.at_level(logging.WARNING, "pybayeux.auth"):
        assert session.header("https://evil.com/cometd") is None
        assert session.header("http://example.com/cometd") is None
    assert len(caplog.records) == 2
    assert "evil.com" in caplog.text
    assert "secret" not in caplog.text
    assert session.header("wss://example.com/cometd") == "Bearer secret"
    assert session.header("https://backup.example.com/cometd") == "Bearer secret"


def test_the_ext_of_the_handshake_keeps_what_is_there() -> None:
    session = Session(Auth("secret", ext="com.example.token"))
    message = session.send(Channel.META_HANDSHAKE, ext={"ack": True})
    assert message.ext == {"ack": True, "com.example.token": "secret"}
    assert session.send(Channel.META_SUBSCRIBE, "/orders").ext is None
    assert session.send("/orders").ext is None


def test_a_path_makes_objects_in_objects() -> None:
    session = Session(Auth("secret", ext="com.example.authn/token"))
    message = session.send(Channel.META_HANDSHAKE, ext={"com.example.authn": {"tfa": 1}})
    assert message.ext == {"com.example.authn": {"tfa": 1, "token": "secret"}}


def test_the_messages_chosen() -> None:
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
def test_a_path_with_a_nameless_part_is_refused(ext: str) -> None:
    with pytest.raises(ValueError, match="neither a name"):
        Auth("secret", ext=ext)


def test_the_token_is_not_shown() -> None:
    auth = Auth("secret", ext="a/token", header="Authorization")
    assert repr(auth) == "Auth(token=***, in Authorization and a/token)"
    assert "secret" not in f"{auth} {Auth(lambda: 'secret')!r}"


# -- whose token it is, and where its server is


def _session(token: object = "secret", **options: Any) -> tuple[Session, FakeHook]:
    client = FakeClient()
    client.authenticated = FakeHook(client)
    return Session(Auth(cast("Any", token), **options), client), client.authenticated


def _granted() -> Callable[[], Grant]:
    numbers = count(1)
    return lambda: Grant(access_token=f"token-{next(numbers)}", org_id="00D1")


def test_the_grant_and_the_number_of_logins_are_there() -> None:
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


def test_others_hear_of_each_fresh_token_at_the_handshake_at_the_latest() -> None:
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


def test_a_token_given_as_text_is_told_as_well() -> None:
    session, hook = _session("secret")
    session.send(Channel.META_HANDSHAKE)
    session.header()
    assert hook.grants == [Grant(access_token="secret")]


def test_where_the_package_is_not_installed_nobody_hears_of_it() -> None:
    session = Session(Auth("secret"))
    session.send(Channel.META_HANDSHAKE)
    assert session.header() == "Bearer secret"


def test_the_token_follows_a_client_that_is_moved_when_the_token_comes() -> None:
    session, hook = _session(_granted())
    hook.moves_to = "https://my-org.example.com/cometd"
    session.send(Channel.META_HANDSHAKE)
    assert session.header(hook.moves_to) == "Bearer token-1"
    assert session.header("https://evil.com/cometd") is None


def test_a_request_on_its_way_keeps_its_token_when_the_client_moves() -> None:
    session, hook = _session(_granted())
    hook.moves_to = "https://my-org.example.com/cometd"
    assert session.header(_URL) == "Bearer token-1"  # the token came, and the client moved, while it waited
    assert session.header(hook.moves_to) == "Bearer token-1"


def test_the_token_follows_a_client_that_is_moved_at_any_other_time() -> None:
    session, _ = _session("secret", ext="token", header="Authorization")
    session.client.url = "https://my-org.example.com/cometd"
    assert session.header(session.client.url) == "Bearer secret"
    assert session.send(Channel.META_HANDSHAKE).ext == {"token": "secret"}


def test_a_host_that_the_server_advises_gets_no_token(caplog: pytest.LogCaptureFixture) -> None:
    session, _ = _session("secret", ext="token", header="Authorization")
    advice = Advice(hosts=["evil.example.com"])
    session.auth.incoming(Message(channel=Channel.META_CONNECT, advice=advice), session.client.as_client)
    session.client.url = "https://evil.example.com/cometd"
    assert session.header(session.client.url) is None
    assert session.send(Channel.META_HANDSHAKE).ext is None
    session.client.url = _URL
    assert session.header() == "Bearer secret"
    assert "secret" not in caplog.text


def test_a_server_is_given_time_while_a_request_waits_for_its_token() -> None:
    async def scenario() -> None:
        going = asyncio.Event()

        async def login() -> str:
            await going.wait()
            return "secret"

        auth, client = Auth(login), FakeClient()
        auth.registered(client.as_client)
        assert auth.late() is None
        waiting = asyncio.create_task(auth.request(_request(), client.as_client))
        await asyncio.sleep(0)
        assert (auth.late() or 0) > 0
        going.set()
        await waiting
        assert auth.late() is None

    asyncio.run(scenario())


def test_a_login_without_a_client() -> None:
    assert asyncio.run(Auth(_granted()).log_in()) == Grant(access_token="token-1", org_id="00D1")


# -- what becomes of a refusal


def test_a_refused_token_is_replaced_in_a_new_session() -> None:
    session = Session(Auth(_numbered()))
    assert session.header() == "Bearer token-1"
    assert session.header() == "Bearer token-1"
    assert session.refused(Channel.META_CONNECT)
    assert session.header() == "Bearer token-2"


def test_a_token_given_as_text_is_not_replaced() -> None:
    session = Session(Auth("secret"))
    assert not session.refused(Channel.META_HANDSHAKE)
    assert not session.refused(Channel.META_CONNECT)


@pytest.mark.parametrize("error", ["403::Unknown client", "402::session_unknown", "401:abc:Unknown client"])
def test_a_lost_session_costs_no_token(error: str) -> None:
    session = Session(Auth(_numbered()))
    session.header()
    assert not session.answer(session.send(Channel.META_CONNECT), error)
    assert session.header() == "Bearer token-1"


def test_requests_that_were_refused_together_cost_one_token() -> None:
    session = Session(Auth(_numbered()))
    session.header()
    requests = [session.send(Channel.META_SUBSCRIBE, f"/orders/{number}") for number in range(5)]
    requests.append(session.send(Channel.META_CONNECT))
    begun = [session.answer(each, "401::Authentication invalid") for each in requests]
    assert begun == [True, False, False, False, False, False]
    assert session.header() == "Bearer token-2"
    # Nor is one that was refused together with them a reason for another, if it is refused again.
    session.accepted(Channel.META_HANDSHAKE)
    session.accepted(Channel.META_CONNECT)
    assert not session.refused(Channel.META_SUBSCRIBE, "/orders/3")


def test_another_extension_can_ask_for_a_fresh_token() -> None:
    session = Session(Auth(_numbered(), refreshes=2))
    session.header()
    for number in range(2, 6):
        session.auth.log_in_again("the org has moved", session.client.as_client)
        session.auth.log_in_again("the org has moved", session.client.as_client)  # one is asked for already
        assert session.header() == f"Bearer token-{min(number, 3)}"
    assert session.client.reasons == ["the org has moved: a fresh token is asked for"] * 2
    session.client.state = ConnectionState.DISCONNECTING
    session.auth.log_in_again("the org has moved", session.client.as_client)
    assert session.header() == "Bearer token-3"


def test_an_answer_from_before_the_handshake_says_nothing_of_the_token() -> None:
    session = Session(Auth(_numbered()))
    late = session.send("/orders")
    session.accepted(Channel.META_HANDSHAKE)
    assert not session.answer(late, "401::Authentication invalid")


def test_fresh_tokens_are_asked_for_a_few_times_in_a_row(caplog: pytest.LogCaptureFixture) -> None:
    session = Session(Auth(_numbered(), refreshes=2))
    with caplog.at_level(logging.WARNING, "pybayeux.auth"):
        begun = [session.refused(Channel.META_HANDSHAKE) for _ in range(5)]
    assert begun == [True, True, False, False, False]
    assert session.auth.logins == 3
    assert "no more" in caplog.text
    session.accepted(Channel.META_CONNECT)
    assert session.refused(Channel.META_CONNECT)


def test_a_server_that_accepts_and_refuses_in_turn_costs_fewer_and_fewer_logins() -> None:
    session = Session(Auth(_numbered()))
    session.header()
    for _ in range(2):
        assert session.refused(Channel.META_CONNECT)
        session.header()
        assert session.accepted(Channel.META_CONNECT) is False
    assert session.refused(Channel.META_CONNECT)
    with pytest.raises(LoginPausedError):
        session.header()
    assert session.auth.logins == 3


def test_a_client_that_is_started_anew_may_have_a_fresh_token_and_not_at_once_for_ever() -> None:
    session = Session(Auth(_numbered(), refreshes=0))
    logins = []
    for _ in range(3):
        assert not session.refused(Channel.META_HANDSHAKE)  # the session ends with it
        logins.append(session.auth.logins)
        session.auth.registered(session.client.as_client)
    assert logins == [1, 2, 3]
    with pytest.raises(LoginPausedError):
        session.send(Channel.META_HANDSHAKE)


def test_a_missing_permission_is_tried_with_one_fresh_token() -> None:
    session = Session(Auth(_numbered()))
    begun = []
    for _ in range(4):
        session.accepted(Channel.META_HANDSHAKE)
        session.accepted(Channel.META_CONNECT)
        begun.append(session.refused(Channel.META_SUBSCRIBE, "/private"))
        session.accepted(Channel.META_SUBSCRIBE, "/public")
    assert begun == [True, False, False, False]
    session.accepted(Channel.META_SUBSCRIBE, "/private")
    assert session.refused(Channel.META_SUBSCRIBE, "/private")


def test_a_client_that_is_closing_needs_no_token() -> None:
    session = Session(Auth(_numbered()), FakeClient(state=ConnectionState.DISCONNECTING))
    assert not session.refused(Channel.META_DISCONNECT)


def test_under_a_client_without_initiative_the_next_handshake_has_a_fresh_token() -> None:
    class LowLevel:
        url = _URL
        state = ConnectionState.CONNECTED

    auth = Auth(_numbered())
    session = Session(auth)
    session.header()
    refused = session.send(Channel.META_HANDSHAKE)
    refused.successful, refused.error = False, "401::Authentication invalid"
    auth.incoming(refused, cast("AsyncClient", LowLevel()))
    assert session.header() == "Bearer token-2"


def test_events_and_answers_without_an_id_pass() -> None:
    session = Session(Auth(_numbered()))
    for message in (Message(channel="/orders", id="1"), Message(channel="/orders", successful=False, error="401::no")):
        session.auth.incoming(message, session.client.as_client)
    assert session.client.reasons == []


_requests = st.tuples(
    st.sampled_from([Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/orders"]), st.booleans()
)


@given(st.lists(_requests, max_size=60), st.integers(0, 4))
def test_never_more_tokens_than_allowed_without_an_accepted_connect(
    requests: list[tuple[str, bool]], refreshes: int
) -> None:
    session = Session(Auth(_numbered(), refreshes=refreshes, min_interval=0))
    in_a_row = 0
    for channel, is_accepted in requests:
        if is_accepted:
            session.accepted(channel)
            in_a_row = 0 if channel == Channel.META_CONNECT else in_a_row
        else:
            in_a_row += session.refused(channel)
        assert in_a_row <= refreshes
