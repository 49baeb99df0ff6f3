"""A session under random replies, losses, advice and clock jumps: what must hold at every moment."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core.tests.session.world import RETRY, World
from pybayeux import Advice, ConnectionState, Message
from pybayeux.errors import TransportError
from pybayeux.session import Exchange, Kind, Request, RequestCompleted, StateChanged, SubscriptionRejected
from pybayeux.session.transitions import TRANSITIONS

CHANNELS = ["/a", "/b/*", "/c/**"]
ERRORS = ["402::session_unknown", "401:x:Unknown client", "403::denied", "500::oops", "not even an error"]

advices = st.one_of(
    st.none(),
    st.builds(
        Advice,
        reconnect=st.sampled_from([None, "retry", "handshake", "none", "bogus"]),
        interval=st.sampled_from([None, 0, 50, 5000, -1]),
        timeout=st.sampled_from([None, 0, 10_000]),
        max_interval=st.sampled_from([None, 1000]),
        hosts=st.sampled_from([None, ["b.example"], ["b.example", "c.example"]]),
    ),
)


class RandomServer(RuleBasedStateMachine):
    """Everything a server, a network and a user may do."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(max_network_delay=5, connection_types=("websocket", "long-polling"), host="a.example")
        self.wanted: set[str] = set()
        self.requests: list[Request] = []
        self.ids: set[str] = set()

    # -- the user

    @rule()
    def start(self) -> None:
        if self.world.session.view.state is ConnectionState.DISCONNECTED:
            self.world.session.start(self.world.now)

    @rule(channel=st.sampled_from(CHANNELS))
    def subscribe(self, channel: str) -> None:
        self.world.session.subscribe(channel)
        self.wanted.add(channel)

    @rule(channel=st.sampled_from(CHANNELS))
    def unsubscribe(self, channel: str) -> None:
        request = self.world.session.unsubscribe(channel)
        self.wanted.discard(channel)
        if request is not None:
            self.requests.append(request)

    @rule(channel=st.sampled_from(CHANNELS))
    def resubscribe(self, channel: str) -> None:
        self.world.session.resubscribe(channel, self.world.now)

    @precondition(lambda self: self.world.session.view.state not in (ConnectionState.DISCONNECTED, "disconnecting"))
    @rule(call=st.booleans())
    def publish(self, call: bool) -> None:
        self.requests.append(self.world.session.send(Message(channel="/service/x", data=1), awaits_data=call))

    @precondition(lambda self: self.world.session.view.state not in (ConnectionState.DISCONNECTED, "disconnecting"))
    @rule()
    def rehandshake(self) -> None:
        self.world.session.rehandshake("test")

    @rule(held=st.booleans())
    def hold(self, held: bool) -> None:
        if held:
            self.world.session.hold_connects(self.world.now)
        else:
            self.world.session.release_connects(self.world.now)

    @rule()
    def block(self) -> None:
        self.world.session.reading_blocked()

    @rule()
    def abort(self) -> None:
        self.world.session.abort(None)

    @rule()
    def interrupt(self) -> None:
        self.world.session.interrupted(TransportError("reset"), self.world.now)

    @rule()
    def discard(self) -> None:
        self.world.session.discard_events(self.world.now)

    @rule()
    def close(self) -> None:
        self.world.session.close(self.world.now)

    # -- time

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 40.0, 86_400.0]))
    def jump(self, seconds: float) -> None:
        self.world.now += seconds
        self.step()

    # -- the server and the network

    @precondition(lambda self: self.world.under_way)
    @rule(
        data=st.data(),
        advice=advices,
        successful=st.booleans(),
        error=st.sampled_from(ERRORS),
        offered=st.sampled_from([None, [], ["long-polling"], ["long-polling", "websocket"]]),
    )
    def answer(self, data: Any, advice: Advice | None, successful: bool, error: str, offered: list[str] | None) -> None:
        exchange = data.draw(st.sampled_from(self.world.under_way))
        fields: dict[str, Any] = {"successful": successful, "advice": advice}
        if exchange.kind is Kind.HANDSHAKE:
            fields["supported_connection_types"] = offered
        if not successful:
            fields["error"] = error
        replies = [self.world.reply(message, **fields) for message in exchange.messages]
        replies = [reply for reply in replies if data.draw(st.integers(0, 9))]
        events = [Message(channel="/a", data=1, id=message.id) for message in exchange.messages]
        self.world.answer(exchange, *data.draw(st.permutations(replies + events + [Message(channel="", data=0)])))
        self.step()

    @precondition(lambda self: self.world.under_way)
    @rule(data=st.data(), unavailable=st.booleans())
    def lose(self, data: Any, unavailable: bool) -> None:
        error = TransportError("lost", status=503, unavailable=unavailable, unsent=unavailable)
        self.world.fail(data.draw(st.sampled_from(self.world.under_way)), error)
        self.step()

    @rule()
    def sleep(self) -> None:
        self.world.session.slept(3600, self.world.now)
        self.step()

    @rule(number=st.integers(0, 60), channel=st.sampled_from(["/meta/connect", "/meta/handshake", "/meta/disconnect"]))
    def stray(self, number: int, channel: str) -> None:
        stray = Message(channel=channel, id=str(number), successful=True, client_id="evil")
        open_ids = {i for exchange in self.world.under_way for i in exchange.unanswered}
        if str(number) not in open_ids:
            assert self.world.session.admit([stray]).messages == []

    def step(self) -> None:
        before = len(self.world.sent)
        self.world.settle_down()
        for _, exchange in self.world.sent[before:]:
            self.check_sent(exchange)

    def check_sent(self, exchange: Exchange) -> None:
        for message in exchange.messages:
            assert message.id is not None
            assert message.id not in self.ids, "an id is used once"
            self.ids.add(message.id)
            assert (message.client_id is None) == (exchange.kind is Kind.HANDSHAKE)

    # -- what must hold

    @invariant()
    def at_most_one_of_each_lane(self) -> None:
        control = [e for e in self.world.under_way if e.kind in (Kind.HANDSHAKE, Kind.CONNECT)]
        assert len(control) <= 1
        assert len(self.world.under_way) - len(control) <= 2

    @invariant()
    def states_follow_the_table(self) -> None:
        rows = self.world.rows
        assert all(TRANSITIONS[old][event] is new for old, event, new in rows)
        assert [new for _, _, new in rows[:-1]] == [old for old, _, _ in rows[1:]]
        moves = [(old, new) for old, _, new in rows if old is not new]
        assert [(each.old, each.new) for each in self.world.notices if isinstance(each, StateChanged)] == moves

    @invariant()
    def forgets_no_channel_that_the_server_did_not_refuse(self) -> None:
        refused = {notice.channel for notice in self.world.notices if isinstance(notice, SubscriptionRejected)}
        channels = set(self.world.session.view.channels)
        assert channels <= self.wanted
        assert self.wanted - channels <= refused

    @invariant()
    def each_request_is_settled_once_at_the_most(self) -> None:
        settled = [notice.request for notice in self.world.notices if isinstance(notice, RequestCompleted)]
        assert len(settled) == len(set(settled))

    @invariant()
    def never_busy_without_a_reason(self) -> None:
        self.step()
        # What is asked for now and brings nothing to do would be asked for without end.
        assert self.world.wake_at is None or self.world.wake_at > self.world.now

    @invariant()
    def never_idle_without_a_reason(self) -> None:
        self.step()
        session = self.world.session
        if session.view.state is not ConnectionState.DISCONNECTED and not self.world.under_way:
            assert self.world.wake_at is not None or session._connect.throttle.is_holding

    def teardown(self) -> None:
        """A server that behaves again brings everything back, and the end settles every request."""
        world = self.world
        world.session.release_connects(world.now)
        if world.state() is ConnectionState.DISCONNECTING:
            world.pass_time(10)
        if world.state() is ConnectionState.DISCONNECTED:
            world.session.start(world.now)
        for _ in range(30):
            world.pass_time(10)
            for exchange in list(world.under_way):
                world.accept(exchange, advice=RETRY)
        world.settle_down()
        assert world.state() is ConnectionState.CONNECTED
        for channel in world.session.view.channels:
            assert world.session.view.is_active_channel(channel)
        world.session.close(world.now)
        world.pass_time(20)
        assert world.state() is ConnectionState.DISCONNECTED
        world.step()
        settled = {notice.request for notice in world.notices if isinstance(notice, RequestCompleted)}
        assert set(self.requests) <= settled


RandomServer.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestRandomServer = RandomServer.TestCase
