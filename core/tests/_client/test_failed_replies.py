from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from pybayeux import Message
from pybayeux._client.failed_replies import FailedReplies, failed_reply
from pybayeux._client.incoming import IncomingQueue
from pybayeux.errors import ExtensionError, MessageDropped, PublishError, TransportError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux._client.hooks import HookRunner, Vetoes
    from pybayeux._client.listeners import Listeners
    from pybayeux.errors import BayeuxError

VETO = MessageDropped("secret", "gate")
SUBSCRIBE = Message(channel="/meta/subscribe", id="7", subscription="/a", client_id="c1")


@pytest.mark.parametrize(
    ("error", "text", "status", "sent"),
    [
        (TransportError("reset"), "503::reset", None, True),
        (TransportError("no route", unsent=True), "503::no route", None, False),
        (TransportError("busy", status=429), "429::busy", 429, True),
        (VETO, "404::message_deleted: extension 'gate': secret", None, False),
        (ExtensionError("broken", extension="gate"), "503::broken", None, False),
        (PublishError("/a"), "503::", None, True),
    ],
)
def test_a_failed_reply_says_what_failed(error: BayeuxError, text: str, status: int | None, sent: bool) -> None:
    reply = failed_reply(SUBSCRIBE, error, "long-polling")
    assert (reply.channel, reply.id, reply.subscription, reply.successful) == ("/meta/subscribe", "7", "/a", False)
    assert reply.error is not None
    assert reply.error.startswith(text)
    assert reply.client_id is None
    assert reply.extra["failure"] == {
        "status": status,
        "reason": str(error),
        "sent": sent,
        "connectionType": "long-polling",
    }


class Observed:
    """Extensions and listeners that note what they see; the extensions drop what is on one channel."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    def incoming(self, messages: Sequence[Message]) -> Vetoes:
        self.log.append(["extensions", *(message.id for message in messages)])
        return {id(message): VETO for message in messages if message.channel == "/dropped"}

    def notify(self, messages: Sequence[Message]) -> None:
        self.log.append(["listeners", *(message.id for message in messages)])


def test_extensions_see_it_first_then_listeners_then_the_session() -> None:
    seen = Observed()
    replies = FailedReplies(IncomingQueue(cast("HookRunner", seen)), cast("Listeners", seen))
    requests = [Message(channel="/a", id="1"), Message(channel="/dropped", id="2")]
    replies.show(requests, TransportError("reset"), "websocket", lambda: seen.log.append(["session"]))
    assert seen.log == [["extensions", "1", "2"], ["listeners", "1"], ["session"]]
