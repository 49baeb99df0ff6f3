from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Message, hookimpl
from pybayeux.testing import run
from pybayeux.testing.factory import ExtensionFactory
from pybayeux.testing.interference import DISTURBED_CHANNEL
from pybayeux.testing.scenarios import (
    LAST_EVENT,
    Transcript,
    low_level_session,
    ordinary_session,
    session_with_faults,
    two_starts,
)

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


def faults_of(transcript: Transcript) -> list[str]:
    return sorted({fault.rpartition(" ")[2] for fault in transcript.faults})


@pytest.mark.parametrize("order", ["events-first", "replies-first"])
def test_all_goes_well(order: Any) -> None:
    transcript = run(ordinary_session(ExtensionFactory(Quiet), order))
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
            LAST_EVENT,
        )
    ]
    assert set(transcript.outcomes) == {"done"}
    assert transcript.sent[DISTURBED_CHANNEL] == [
        {"channel": DISTURBED_CHANNEL, "clientId": "session-1", "data": {"number": 3}}
    ]
    assert transcript.faults == transcript.tasks == []


@pytest.mark.parametrize("order", ["events-first", "replies-first"])
def test_whatever_can_go_wrong_does_and_comes_right_again(order: Any) -> None:
    transcript = run(session_with_faults(ExtensionFactory(Quiet), order))
    assert transcript.outcomes == ["done", "SubscribeError", "PublishError", "PublishError", "done"]
    assert transcript.delivered == [2, LAST_EVENT]
    assert len(transcript.sent["/meta/handshake"]) == 5
    assert transcript.faults == transcript.tasks == []


def test_two_starts_with_and_without_the_extension() -> None:
    transcript = run(two_starts(ExtensionFactory(Quiet)))
    assert transcript.delivered == ["without it", "with it", LAST_EVENT] * 2
    assert len(transcript.sent["/meta/disconnect"]) == 2


def test_low_level() -> None:
    transcript = run(low_level_session(ExtensionFactory(Quiet)))
    assert transcript.outcomes == ["done", "done", "done", "done", "UnsubscribeError", "TransportError", "done"]


@pytest.mark.parametrize(
    "scenario",
    [lambda factory: ordinary_session(factory, "events-first"), two_starts, low_level_session],
    ids=["ordinary", "two starts", "low level"],
)
def test_faults_of_the_extension_are_noted_in_every_hook(
    scenario: Callable[[ExtensionFactory], Coroutine[Any, Any, Transcript]],
) -> None:
    expected = ["incoming", "outgoing"] if scenario is low_level_session else ["failed", "incoming", "outgoing"]
    assert faults_of(run(scenario(ExtensionFactory(Faulty)))) == expected


def test_tasks_that_are_left_are_noted_and_ended() -> None:
    assert run(ordinary_session(ExtensionFactory(Forgetful), "events-first")).tasks == ["forgotten"]


def test_logging_is_left_as_it_was() -> None:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    run(ordinary_session(ExtensionFactory(Quiet), "events-first"))
    assert (root.level, root.handlers) == before
