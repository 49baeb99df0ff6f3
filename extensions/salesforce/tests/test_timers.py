from __future__ import annotations

from pybayeux import Advice, Channel, Message
from pybayeux_salesforce.timers import complete_advice


def test_what_a_handshakes_reply_leaves_out_is_added() -> None:
    reply = Message(channel=Channel.META_HANDSHAKE, successful=True)
    complete_advice(reply, 40.0)
    assert reply.advice is not None
    assert (reply.advice.timeout, reply.advice.max_interval) == (110_000, 40_000)
    assert reply.advice.reconnect is None


def test_what_it_says_stays() -> None:
    advice = Advice(reconnect="retry", interval=0, timeout=1100, max_interval=400)
    reply = Message(channel=Channel.META_HANDSHAKE, successful=True, advice=advice)
    complete_advice(reply, 40.0)
    assert reply.advice == Advice(reconnect="retry", interval=0, timeout=1100, max_interval=400)
