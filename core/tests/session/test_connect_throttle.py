"""Connects that are held back while there is no room, in virtual time."""

from __future__ import annotations

from core.tests.session.world import RETRY, World
from pybayeux import Advice, Message
from pybayeux.session import Kind, PollOverdue


def overdue(world: World) -> int:
    return sum(isinstance(notice, PollOverdue) for notice in world.notices)


def full(world: World) -> World:
    """Connected, the held connect has just brought more than there is room for."""
    world.connected()
    world.session.hold_connects(world.now)
    world.accept(world.current(Kind.CONNECT))
    return world


def blocked(world: World) -> World:
    """A connect is held, and the transport reads no further: what came before has taken all room."""
    world.connected()
    world.session.hold_connects(world.now)
    world.session.reading_blocked()
    return world


def test_no_connect_is_sent_while_there_is_no_room() -> None:
    world = full(World())
    world.pass_time(0.9)
    assert not world.has(Kind.CONNECT)
    assert overdue(world) == 0
    world.session.release_connects(world.now)
    world.settle_down()
    assert world.current(Kind.CONNECT).messages[0].advice is None


def test_an_overdue_connect_is_reported_once() -> None:
    world = full(World())
    world.pass_time(1)
    assert overdue(world) == 1
    world.pass_time(100)
    assert overdue(world) == 1
    assert not world.has(Kind.CONNECT)
    world.session.release_connects(world.now)
    world.settle_down()
    assert world.has(Kind.CONNECT)


def test_connects_are_overdue_after_a_third_of_the_max_interval() -> None:
    world = World().connected()
    world.session.hold_connects(world.now)
    world.accept(world.current(Kind.CONNECT), advice=Advice(reconnect="retry", timeout=30_000, max_interval=9000))
    world.pass_time(2.9)
    assert overdue(world) == 0
    world.pass_time(0.1)
    assert overdue(world) == 1


def test_what_is_sent_again_need_not_be_taken() -> None:
    world = full(World())
    world.pass_time(1)
    assert world.accepting()
    world.session.discard_events(world.now)
    world.settle_down()
    poll = world.current(Kind.CONNECT)
    assert poll.messages[0].advice == Advice(timeout=0)
    assert not world.accepting()
    world.accept(poll)
    assert not world.accepting()
    world.pass_time(0.9)
    assert not world.has(Kind.CONNECT)
    world.pass_time(0.1)
    assert world.has(Kind.CONNECT)


def test_a_poll_that_discards_does_so_to_its_end() -> None:
    world = full(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.settle_down()
    poll = world.current(Kind.CONNECT)
    world.session.release_connects(world.now)
    assert not world.accepting(), "its answer may acknowledge what was discarded before"
    world.accept(poll)
    world.settle_down()
    assert world.accepting()
    assert world.current(Kind.CONNECT).messages[0].advice is None


def test_a_connect_that_was_sent_while_there_was_room_is_taken() -> None:
    world = World().connected()
    world.session.hold_connects(world.now)
    world.session.discard_events(world.now)
    assert world.accepting()


def test_polls_come_no_rarer_however_long_they_take() -> None:
    world = full(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.settle_down()
    poll = world.current(Kind.CONNECT)
    world.now += 0.75
    world.accept(poll)
    assert world.until(Kind.CONNECT) == 1


def test_a_new_session_asks_again() -> None:
    world = full(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.settle_down()
    world.accept(world.current(Kind.CONNECT), successful=False, error="402::session_unknown")
    world.until(Kind.HANDSHAKE)
    world.accept(world.current(Kind.HANDSHAKE))
    world.pass_time(1)
    assert overdue(world) == 2
    assert not world.has(Kind.CONNECT)


def test_a_lost_session_is_begun_anew_without_room() -> None:
    world = full(World())
    for _ in range(3):
        world.session.rehandshake("test")
        world.until(Kind.HANDSHAKE)
        world.accept(world.current(Kind.HANDSHAKE))


def test_replies_are_taken_and_events_are_not() -> None:
    world = full(World())
    world.session.send(Message(channel="/p", data=1))
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.settle_down()
    publish, poll = world.current(Kind.SEND), world.current(Kind.CONNECT)
    reply, answer, event = (
        world.reply(publish.messages[0]),
        world.reply(poll.messages[0]),
        Message(channel="/p", data=1),
    )
    batch = world.session.without_events(world.session.admit([event, reply, answer, event]))
    assert batch.messages == [reply, answer]


# -- events that come with the handshake


def announced(world: World, count: object) -> World:
    world.session.start(world.now)
    world.settle_down()
    handshake = world.current(Kind.HANDSHAKE)
    reply = world.reply(handshake.messages[0])
    reply.extra["x-messages"] = count
    world.answer(handshake, reply)
    world.settle_down()
    return world


def test_announced_events_come_before_the_first_connect() -> None:
    world = announced(World(), 2)
    assert not world.has(Kind.CONNECT)
    world.session.receive(world.session.admit([Message(channel="/a", data=1)]), {}, world.now)
    world.settle_down()
    assert not world.has(Kind.CONNECT)
    world.session.receive(world.session.admit([Message(channel="/a", data=2)]), {}, world.now)
    world.settle_down()
    assert world.has(Kind.CONNECT)


def test_announced_events_are_special_so_that_a_step_follows_them() -> None:
    world = announced(World(), 1)
    world.session.admit([Message(channel="/a", data=0)])
    event = Message(channel="/a", data=1)
    batch = world.session.admit([event])
    assert batch.special == [event]
    assert world.session.receive(batch, {}, world.now) == [event]
    assert world.session.admit([event]).special == []


def test_announced_events_that_do_not_come_are_not_waited_for_for_ever() -> None:
    world = announced(World(max_network_delay=5), 2)
    assert world.until(Kind.CONNECT) == 5
    world.accept(world.current(Kind.CONNECT), advice=RETRY)
    world.settle_down()
    assert world.has(Kind.CONNECT)


def test_an_announcement_that_is_none_is_ignored() -> None:
    assert announced(World(), "two").has(Kind.CONNECT)


def test_a_transport_that_reads_no_further_is_overdue_while_a_connect_is_held() -> None:
    world = blocked(World())
    world.settle_down()
    world.pass_time(0.9)
    assert overdue(world) == 0
    world.pass_time(0.1)
    assert overdue(world) == 1
    assert world.has(Kind.CONNECT)
    world.session.release_connects(world.now)
    world.session.hold_connects(world.now)
    world.pass_time(5)
    assert overdue(world) == 1, "it reads again, and a connect is held: the session is in no danger"


def test_no_connect_is_sent_however_long_there_is_no_room() -> None:
    world = World().connected()
    world.session.hold_connects(world.now)
    world.accept(world.current(Kind.CONNECT))
    world.pass_time(5)
    assert not world.has(Kind.CONNECT)
    world.session.release_connects(world.now)
    world.settle_down()
    assert world.has(Kind.CONNECT)


def test_a_blocked_transport_is_no_reason_to_ask_without_end() -> None:
    world = blocked(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.step()
    assert world.wake_at == world.current(Kind.CONNECT).deadline


def test_a_reply_that_was_read_late_has_used_up_the_servers_patience() -> None:
    world = blocked(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.accept(world.current(Kind.CONNECT))  # the server sent it before the transport stopped reading, maybe
    world.settle_down()
    poll = world.current(Kind.CONNECT)
    assert poll.messages[0].advice == Advice(timeout=0)
    world.accept(poll)
    assert world.until(Kind.CONNECT) == 1


def test_a_restart_takes_the_events_of_its_own_session() -> None:
    world = full(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.session.rehandshake("to have it sent again")
    world.session.release_connects(world.now)
    assert not world.accepting()
    world.session.abort(None)
    world.step()
    world.connected()
    assert world.accepting()


def test_a_restart_does_not_wait_for_events_of_the_session_before() -> None:
    world = announced(World(), 2)
    world.session.abort(None)
    world.step()
    world.connected()
    assert world.has(Kind.CONNECT)


def test_room_that_is_gone_again_before_the_new_session_goes_on_discarding() -> None:
    world = full(World())
    world.pass_time(1)
    world.session.discard_events(world.now)
    world.settle_down()
    world.accept(world.current(Kind.CONNECT))
    world.session.rehandshake("rewind")
    world.session.release_connects(world.now)
    assert not world.accepting(), "the new session brings again what was discarded"
    world.session.hold_connects(world.now)
    assert not world.accepting()
    world.settle_down()
    world.accept(world.current(Kind.HANDSHAKE))
    world.settle_down()
    assert world.accepting(), "what comes now was not asked for yet"
    assert not world.has(Kind.CONNECT), "there is no room"
