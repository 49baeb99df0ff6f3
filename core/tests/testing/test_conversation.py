from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Message, hookimpl
from pybayeux.testing import run
from pybayeux.testing.conversation import LAST, Transcript, endure, restart, talk, talk_at_low_level
from pybayeux.testing.neighbours import TROUBLE
from pybayeux.testing.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Quiet:
    @hookimpl
    def registered(self) -> None: ...


class Faulty:
    """Fails in hooks of every kind."""

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == "/contract/orders":
            raise ValueError("outgoing")

    @hookimpl
    def incoming(self, message: Message) -> None:
        if message.channel == "/meta/subscribe":
            raise ValueError("incoming")

    @hookimpl
    def failed(self) -> None:
        raise ValueError("failed")


class Forgetful:
    @hookimpl
    def registered(self) -> None:
        asyncio.get_running_loop().create_task(asyncio.sleep(1e9), name="forgotten")


def told(transcript: Transcript) -> list[str]:
    return sorted({fault.rpartition(" ")[2] for fault in transcript.faults})


@pytest.mark.parametrize("order", ["events-first", "replies-first"])
def test_all_goes_well(order: Any) -> None:
    transcript = run(talk(Subject(Quiet), order))
    assert transcript.delivered == [
        *(
            {"number": 1},
            "text",
            None,
            [1.5, True],
            {"number": 2},
            {"number": 3},
            "trouble",
            {"number": 4},
            "text",
            LAST,
        )
    ]
    assert set(transcript.outcomes) == {"done"}
    assert transcript.sent[TROUBLE] == [{"channel": TROUBLE, "clientId": "session-1", "data": {"number": 3}}]
    assert transcript.faults == transcript.tasks == []


@pytest.mark.parametrize("order", ["events-first", "replies-first"])
def test_whatever_can_go_wrong_does_and_comes_right_again(order: Any) -> None:
    transcript = run(endure(Subject(Quiet), order))
    assert transcript.outcomes == ["done", "SubscribeError", "PublishError", "PublishError", "done"]
    assert transcript.delivered == [2, LAST]
    assert len(transcript.sent["/meta/handshake"]) == 5
    assert transcript.faults == transcript.tasks == []


def test_two_starts_with_and_without_the_extension() -> None:
    transcript = run(restart(Subject(Quiet)))
    assert transcript.delivered == ["without it", "with it", LAST] * 2
    assert len(transcript.sent["/meta/disconnect"]) == 2


def test_low_level() -> None:
    transcript = run(talk_at_low_level(Subject(Quiet)))
    assert transcript.outcomes == ["done", "done", "done", "done", "UnsubscribeError", "TransportError", "done"]


@pytest.mark.parametrize(
    "conversation", [lambda subject: talk(subject, "events-first"), restart, talk_at_low_level], ids=["talk", "", "low"]
)
def test_faults_of_the_extension_are_told_wherever_they_come_from(
    conversation: Callable[[Subject], Coroutine[Any, Any, Transcript]],
) -> None:
    expected = ["incoming", "outgoing"] if conversation is talk_at_low_level else ["failed", "incoming", "outgoing"]
    assert told(run(conversation(Subject(Faulty)))) == expected


def test_tasks_that_are_left_are_told_and_ended() -> None:
    assert run(talk(Subject(Forgetful), "events-first")).tasks == ["forgotten"]


def test_logging_is_left_as_it_was() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    run(talk(Subject(Quiet), "events-first"))
    assert (root.level, root.handlers) == before
