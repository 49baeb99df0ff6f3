"""Handshake, connect, advice and recovery, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from core.tests.session.world import RETRY, World
from pybayeux import Advice, ConnectionState, Message
from pybayeux.errors import (
    BayeuxError,
    ClientStateError,
    ConnectError,
    HandshakeError,
    MalformedMessageError,
    MessageDecodeError,
    SessionEndedError,
    TransportError,
    UnknownAdviceError,
    UsageError,
)
from pybayeux.session import Kind

UNKNOWN = ["402::session_unknown", "402::Unknown client", "403::Unknown client", "401:c1:Unknown client"]


def test_session_handshakes_then_connects_with_timeout_zero() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    (handshake,) = world.current(Kind.HANDSHAKE).messages
    assert (handshake.version, handshake.supported_connection_types) == ("1.0", ["long-polling"])
    assert handshake.client_id is None
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    (connect,) = world.current(Kind.CONNECT).messages
    assert connect.client_id == "c1"
    assert connect.advice == Advice(timeout=0)
    world.accept(world.current(Kind.CONNECT), advice=RETRY)
    world.settle_down()
    assert world.current(Kind.CONNECT).messages[0].advice is None
    assert world.states == ["handshaking", "handshaken", "connecting", "connected"]


def test_connect_waits_the_advised_timeout_and_the_networks_delay() -> None:
    world = World(max_network_delay=5).connected()
    assert world.current(Kind.CONNECT).deadline == world.now + 30 + 5


def test_interval_is_kept_between_connects() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", interval=2500))
    world.pass_time(2.4)
    assert not world.has(Kind.CONNECT)
    world.pass_time(0.1)
    assert world.has(Kind.CONNECT)


def test_failed_connects_are_retried_often_and_with_timeout_zero() -> None:
    world = World().connected()
    delays = []
    for _ in range(4):
        world.fail(world.current(Kind.CONNECT), TransportError("refused"))
        delays.append(world.until(Kind.CONNECT))
        assert world.current(Kind.CONNECT).messages[0].advice == Advice(timeout=0)
    assert delays == [0, 1, 1, 1]
    assert world.state() is ConnectionState.UNCONNECTED
    world.accept(world.current(Kind.CONNECT))
    assert world.state() is ConnectionState.CONNECTED


@pytest.mark.parametrize(("lasted", "delay"), [(0.5, 1), (1.0, 0)])
def test_backoff_begins_anew_after_a_success_that_lasts(lasted: float, delay: float) -> None:
    world = World().connected()
    for _ in range(3):
        world.fail(world.current(Kind.CONNECT), TransportError("refused"))
        world.until(Kind.CONNECT)
    world.accept(world.current(Kind.CONNECT))
    world.pass_time(lasted)
    world.fail(world.current(Kind.CONNECT), TransportError("refused"))
    assert world.until(Kind.CONNECT) == delay


def test_retry_after_is_honoured() -> None:
    world = World().connected()
    world.fail(world.current(Kind.CONNECT), TransportError("HTTP 503", status=503, retry_after=7))
    world.pass_time(6.9)
    assert not world.has(Kind.CONNECT)
    world.pass_time(0.1)
    assert world.has(Kind.CONNECT)


def test_a_connect_without_an_answer_in_time_is_retried() -> None:
    world = World().connected()
    late = world.current(Kind.CONNECT)
    world.pass_time(40)
    assert world.current(Kind.CONNECT) is not late
    assert [type(error).__name__ for error in world.errors] == ["ExchangeTimeoutError"]
    assert world.session.admit([world.reply(late.messages[0])]).messages == []


@pytest.mark.parametrize("error", UNKNOWN)
@pytest.mark.parametrize("advice", [None, Advice(reconnect="handshake"), Advice(reconnect="none", interval=0)])
def test_unknown_session_in_every_form_means_handshake_again(error: str, advice: Advice | None) -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error=error, advice=advice)
    world.settle_down()
    assert world.state() is ConnectionState.REHANDSHAKING
    assert world.current(Kind.HANDSHAKE).messages[0].client_id is None
    assert world.session.view.client_id is None
    assert isinstance(world.errors[0], ConnectError)


def test_none_on_a_failed_connect_ends_the_session() -> None:
    world = World().connected()
    denied = {"successful": False, "error": "401::Authentication invalid", "advice": Advice(reconnect="none")}
    world.accept(world.current(Kind.CONNECT), **denied)
    assert world.state() is ConnectionState.DISCONNECTED
    assert isinstance(world.ends[0], SessionEndedError)
    assert "401::Authentication invalid" in str(world.ends[0])
    world.pass_time(1000)
    assert not world.under_way


def test_none_on_a_failed_connect_is_overcome_by_a_rehandshake_asked_for_meanwhile() -> None:
    world = World().connected()
    world.session.rehandshake("a fresh token")
    denied = {"successful": False, "error": "401::Authentication invalid", "advice": Advice(reconnect="none")}
    world.accept(world.current(Kind.CONNECT), **denied)
    world.settle_down()
    assert world.state() is ConnectionState.REHANDSHAKING
    assert world.has(Kind.HANDSHAKE)
    assert world.ends == []


def test_none_on_a_successful_connect_is_only_noted() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="none", interval=0))
    world.settle_down()
    assert world.state() is ConnectionState.CONNECTED
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.settle_down()
    assert world.has(Kind.HANDSHAKE)


def test_handshake_advised_on_a_success_is_obeyed_after_the_interval() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="handshake", interval=3000))
    world.pass_time(2.9)
    assert not world.under_way
    world.pass_time(0.1)
    assert world.has(Kind.HANDSHAKE)


@pytest.mark.parametrize("advice", [Advice(reconnect="retry", interval=-1), Advice(reconnect="maybe")])
def test_negative_interval_and_unknown_word_on_a_failure_forbid_retry(advice: Advice) -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="500::no", advice=advice)
    world.pass_time(100)
    assert not world.under_way
    assert isinstance(world.ends[0], SessionEndedError)


def test_unknown_word_on_a_success_is_reported_and_the_session_goes_on() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="perhaps"))
    world.settle_down()
    assert isinstance(world.errors[0], UnknownAdviceError)
    assert world.has(Kind.CONNECT)


def test_section_named_after_the_transport_goes_first() -> None:
    world = World().connected()
    advice = Advice(reconnect="retry", interval=0)
    advice.extra["long-polling"] = {"interval": 4000}
    world.accept(world.current(Kind.CONNECT), advice=advice)
    world.pass_time(3.9)
    assert not world.has(Kind.CONNECT)


def test_denied_handshake_with_none_ends_and_fails_what_waits() -> None:
    world = World()
    world.session.start(world.now)
    world.session.send(Message(channel="/a", data=1))
    world.settle_down()
    denied = {"successful": False, "error": "403::handshake_denied", "advice": Advice(reconnect="none")}
    world.accept(world.current(Kind.HANDSHAKE), **denied)
    assert isinstance(world.ends[0], SessionEndedError)
    assert world.outcomes == [world.ends[0]]


@pytest.mark.parametrize("fields", [{}, {"advice": Advice(reconnect="handshake", interval=0)}])
def test_denied_handshake_is_retried_with_growing_delays(fields: dict[str, Any]) -> None:
    world = World()
    world.session.start(world.now)
    delays = []
    for _ in range(4):
        delays.append(world.until(Kind.HANDSHAKE))
        world.accept(world.current(Kind.HANDSHAKE), successful=False, error="403::no", **fields)
    assert delays == [0, 0, 1, 2]
    assert all(isinstance(error, HandshakeError) for error in world.errors)


def test_handshake_without_common_transport_ends() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), supported_connection_types=["iframe"])
    assert "no_transport" in str(world.ends[0])


def test_handshake_reply_without_client_id_is_reported_and_retried() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), client_id=None)
    world.settle_down()
    assert isinstance(world.errors[0], MalformedMessageError)
    assert world.has(Kind.HANDSHAKE)


@pytest.mark.parametrize("error", [UsageError("option 'ssl'"), TransportError("certificate", fatal=True)])
def test_first_connect_ends_where_trying_again_cannot_help(error: BayeuxError) -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    world.fail(world.current(Kind.CONNECT), error)
    assert "the connect cannot succeed" in str(world.ends[0])


def test_a_client_id_that_no_request_could_carry_is_none() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), client_id="x" * 10_000)
    world.settle_down()
    assert isinstance(world.errors[0], MalformedMessageError)
    assert world.session.view.client_id is None


def test_the_text_of_an_error_is_not_as_long_as_the_server_likes() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE), supported_connection_types=["x" * 1000] * 1000)
    assert len(str(world.ends[0])) < 1000


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 503])
def test_first_handshake_is_retried_where_it_may_help(status: int) -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.fail(world.current(Kind.HANDSHAKE), TransportError(f"HTTP {status}", status=status))
    world.pass_time(2)
    assert world.has(Kind.HANDSHAKE)


def test_first_handshake_ends_where_an_option_of_the_transport_is_wrong() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.fail(world.current(Kind.HANDSHAKE), UsageError("transport 'websocket': max_frame_size=-1 is not positive"))
    assert "max_frame_size" in str(world.ends[0])


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 407, 410, 413, 415, 422, 426, 431, 451])
def test_first_handshake_ends_where_trying_again_cannot_help(status: int) -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.fail(world.current(Kind.HANDSHAKE), TransportError(f"HTTP {status}", status=status))
    assert isinstance(world.ends[0], SessionEndedError)


def test_later_handshakes_are_retried_whatever_the_status() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.settle_down()
    world.fail(world.current(Kind.HANDSHAKE), TransportError("HTTP 404", status=404))
    world.pass_time(2)
    assert world.has(Kind.HANDSHAKE)


def test_outage_longer_than_the_sessions_life_ends_in_a_handshake() -> None:
    world = World(max_network_delay=5).connected()
    advice = Advice(reconnect="retry", interval=0, timeout=1000, max_interval=10_000)
    world.accept(world.current(Kind.CONNECT), advice=advice)
    world.settle_down()
    start = world.now
    while not world.has(Kind.HANDSHAKE):
        world.fail(world.current(Kind.CONNECT), TransportError("refused"))
        for _ in range(200):
            world.pass_time(0.25)
            if world.under_way:
                break
    assert 5 < world.now - start < 20


def test_a_session_lost_again_and_again_does_not_spin() -> None:
    world = World()
    world.session.start(world.now)
    for _ in range(400):
        world.pass_time(0.1)
        for exchange in list(world.under_way):
            if exchange.kind is Kind.CONNECT:
                world.accept(exchange, successful=False, error="402::session_unknown")
            elif exchange.kind is Kind.HANDSHAKE:
                world.accept(exchange)
    assert len(world.times_of(Kind.HANDSHAKE)) < 15


def test_server_initiated_disconnect_begins_a_new_session() -> None:
    world = World().connected()
    goodbye = Message(channel="/meta/disconnect")
    assert world.session.admit([goodbye]).messages == [goodbye]
    world.session.receive(world.session.admit([goodbye]), {}, world.now)
    world.settle_down()
    assert world.has(Kind.HANDSHAKE)


def test_starting_twice_is_an_error_and_starting_after_the_end_works() -> None:
    world = World().connected()
    with pytest.raises(ClientStateError):
        world.session.start(world.now)
    world.session.abort(None)
    world.step()
    world.connected()
    assert world.state() is ConnectionState.CONNECTED


def test_a_negative_interval_on_a_success_ends_the_session() -> None:
    world = World().connected()
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", interval=-1))
    assert isinstance(world.ends[0], SessionEndedError)
    assert "never to connect again" in str(world.ends[0])


def test_a_refused_handshake_without_a_common_transport_ends_whatever_is_advised() -> None:
    """Faye refuses so, and advises to handshake again."""
    world = World()
    world.session.start(world.now)
    world.settle_down()
    refused = {"successful": False, "error": "301:iframe:Connection types not supported"}
    advice = Advice(reconnect="handshake", interval=0)
    world.accept(world.current(Kind.HANDSHAKE), supported_connection_types=["iframe"], advice=advice, **refused)
    assert "no_transport" in str(world.ends[0])


def test_an_address_is_proven_by_a_connect_and_not_by_a_handshake() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.until(Kind.HANDSHAKE)
    world.fail(world.current(Kind.HANDSHAKE), TransportError("HTTP 404", status=404))
    assert "the handshake cannot succeed" in str(world.ends[0])


def test_what_is_said_of_an_older_session_says_nothing_of_this_one() -> None:
    world = World().connected()
    world.session.send(Message(channel="/p", data=1))
    world.settle_down()
    late = world.current(Kind.SEND)
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.until(Kind.HANDSHAKE)
    world.accept(world.current(Kind.HANDSHAKE), client_id="c2")
    world.accept(late, successful=False, error="402::session_unknown")
    world.settle_down()
    assert world.session.view.client_id == "c2"
    assert world.current(Kind.SEND).messages[0].client_id == "c2", "it is sent again in this one"


def test_an_answer_that_cannot_be_read_is_asked_for_again() -> None:
    world = World()
    world.session.start(world.now)
    world.settle_down()
    error = MessageDecodeError("not JSON", "<html>")
    world.fail(world.current(Kind.HANDSHAKE), error)
    assert (world.errors, world.ends) == ([error], [])
    world.until(Kind.HANDSHAKE)


def test_a_new_session_cannot_be_asked_for_where_there_is_none() -> None:
    world = World()
    with pytest.raises(ClientStateError, match="no session to renew while disconnected"):
        world.session.rehandshake("a fresh token")
