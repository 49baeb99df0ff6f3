"""Tokens that the server refuses."""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.auth.tests.fake_client import URL, FakeClient, Session
from pybayeux import Channel, ConnectionState, Message
from pybayeux_auth import Auth, LoginPausedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import AsyncClient


def _numbered() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"token-{next(numbers)}"


def test_a_refused_token_is_replaced_in_a_new_session() -> None:
    session = Session(Auth(_numbered()))
    assert session.header() == "Bearer token-1"
    assert session.header() == "Bearer token-1"
    assert session.refused(Channel.META_CONNECT)
    assert session.header() == "Bearer token-2"


def test_a_static_token_is_not_replaced() -> None:
    session = Session(Auth("secret"))
    assert not session.refused(Channel.META_HANDSHAKE)
    assert not session.refused(Channel.META_CONNECT)


@pytest.mark.parametrize("error", ["403::Unknown client", "402::session_unknown", "401:abc:Unknown client"])
def test_a_lost_session_costs_no_token(error: str) -> None:
    session = Session(Auth(_numbered()))
    session.header()
    assert not session.answer(session.send(Channel.META_CONNECT), error)
    assert session.header() == "Bearer token-1"


def test_requests_refused_together_cost_one_token() -> None:
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


def test_log_in_again_requests_a_fresh_token() -> None:
    session = Session(Auth(_numbered(), refreshes=2))
    session.header()
    for number in range(2, 6):
        session.auth.log_in_again("the org has moved", session.client.as_client)
        session.auth.log_in_again("the org has moved", session.client.as_client)  # one is asked for already
        assert session.header() == f"Bearer token-{min(number, 3)}"
    assert session.client.reasons == ["the org has moved: a fresh token is requested"] * 2
    session.client.state = ConnectionState.DISCONNECTING
    session.auth.log_in_again("the org has moved", session.client.as_client)
    assert session.header() == "Bearer token-3"


def test_a_reply_from_before_the_handshake_is_ignored() -> None:
    session = Session(Auth(_numbered()))
    late = session.send("/orders")
    session.accepted(Channel.META_HANDSHAKE)
    assert not session.answer(late, "401::Authentication invalid")


def test_fresh_tokens_in_a_row_are_limited(caplog: pytest.LogCaptureFixture) -> None:
    session = Session(Auth(_numbered(), refreshes=2))
    with caplog.at_level(logging.WARNING, "pybayeux.auth"):
        begun = [session.refused(Channel.META_HANDSHAKE) for _ in range(5)]
    assert begun == [True, True, False, False, False]
    assert session.auth.logins == 3
    assert "no further one" in caplog.text
    session.accepted(Channel.META_CONNECT)
    assert session.refused(Channel.META_CONNECT)


def test_alternating_acceptance_and_refusal_slow_down_logins() -> None:
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


def test_a_restarted_client_gets_a_fresh_token_within_the_throttle() -> None:
    session = Session(Auth(_numbered(), refreshes=0))
    logins = []
    for _ in range(3):
        assert not session.refused(Channel.META_HANDSHAKE)  # the session ends with it
        logins.append(session.auth.logins)
        session.auth.registered(session.client.as_client)
    assert logins == [1, 2, 3]
    with pytest.raises(LoginPausedError):
        session.send(Channel.META_HANDSHAKE)


def test_a_missing_permission_costs_one_fresh_token() -> None:
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


def test_a_closing_client_requests_no_token() -> None:
    session = Session(Auth(_numbered()), FakeClient(state=ConnectionState.DISCONNECTING))
    assert not session.refused(Channel.META_DISCONNECT)


def test_the_low_level_client_gets_a_fresh_token_at_its_next_handshake() -> None:
    class LowLevel:
        url = URL
        state = ConnectionState.CONNECTED
        recovers = False

    auth = Auth(_numbered())
    session = Session(auth)
    session.header()
    refused = session.send(Channel.META_HANDSHAKE)
    refused.successful, refused.error = False, "401::Authentication invalid"
    auth.incoming(refused, cast("AsyncClient", LowLevel()))
    assert session.header() == "Bearer token-2"


def test_events_and_replies_without_an_id_are_ignored() -> None:
    session = Session(Auth(_numbered()))
    for message in (Message(channel="/orders", id="1"), Message(channel="/orders", successful=False, error="401::no")):
        session.auth.incoming(message, session.client.as_client)
    assert session.client.reasons == []


_requests = st.tuples(
    st.sampled_from([Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, "/orders"]), st.booleans()
)


@given(st.lists(_requests, max_size=60), st.integers(0, 4))
def test_never_more_tokens_than_refreshes_without_a_successful_connect(
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
