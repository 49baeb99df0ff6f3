from __future__ import annotations

from typing import Any

import pytest

from pybayeux_salesforce_emulator import texts
from pybayeux_salesforce_emulator.org.versions import OLDEST, Version


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (texts.version_missing(Version(67)), "400::API version in the URI is mandatory. URI format: '/cometd/67.0'"),
        (
            texts.unsupported_version(OLDEST, Version(67)),
            (
                "400::Unsupported API version. Only API versions '37.0' and later are supported. "
                "URI format: '/cometd/67.0'"
            ),
        ),
        (texts.connection_type("websocket"), "400::Invalid connection type {websocket}"),
        (
            texts.no_cookie("abc", "BAYEUX_BROWSER"),
            "400::Client abc has established a session, but no BAYEUX_BROWSER cookie present",
        ),
        (
            texts.no_such_channel("/topic/X"),
            "400::The channel you requested to subscribe to does not exist {/topic/X}",
        ),
        (texts.query_fields(["A", "B"]), "400::Query fields {A, B} do not exist on the topic entity"),
        (texts.cannot_create("/u/X"), "403::Cannot create channel {/u/X}"),
        (
            texts.invalid_replay_id(7),
            (
                "400::The replayId {7} you provided was invalid. Please provide a valid ID, -2 to replay all events, "
                "or -1 to replay only new events."
            ),
        ),
    ],
)
def test_documented_texts(text: str, words: str) -> None:
    assert text == words


@pytest.mark.parametrize(
    ("positions", "printed"),
    [({}, "{{}}"), ({"/event/X__e": None}, "{{/event/X__e=null}}"), (None, "{null}"), ([1], "{[1]}")],
)
def test_a_replay_map_is_printed_as_java_does(positions: Any, printed: str) -> None:
    start = "400::The replayId for channel {/event/X__e} wasn't found using the provided replay ID map "
    assert texts.replay_map("/event/X__e", positions).startswith(f"{start}{printed}.")


def test_spaced() -> None:
    said = {"error": "a. b", "ext": {"sfdc": {"failureReason": "c. d"}}, "id": 1}
    assert texts.spaced(said) == {"error": "a.  b", "ext": {"sfdc": {"failureReason": "c.  d"}}, "id": 1}
