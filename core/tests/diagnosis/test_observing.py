from __future__ import annotations

from typing import Any

import httpx
import pytest

from pybayeux import Message
from pybayeux.diagnosis.observing import Observer
from pybayeux.transports.base import TransportResponse


class _Several(dict[str, str]):
    """Headers as aiohttp has them: what is not there is an error."""

    def getall(self, name: str) -> list[str]:
        return [self[name], "B=2; Path=/"]


@pytest.mark.parametrize(
    ("headers", "cookies"),
    [
        (httpx.Headers([("Set-Cookie", "A=1"), ("Set-Cookie", "B=2; Path=/")]), ("A", "B")),
        (httpx.Headers(), ()),
        (_Several({"Set-Cookie": "A=1"}), ("A", "B")),
        (_Several(), ()),
        ({"Set-Cookie": "A=1"}, ("A",)),
        ({}, ()),
    ],
)
def test_cookies_are_noted_by_name_whatever_holds_the_headers(headers: Any, cookies: tuple[str, ...]) -> None:
    seen = Observer()
    seen.response(TransportResponse("http://host/", 302, headers, "long-polling"))
    [answer] = seen.answers
    assert (answer.cookies, answer.status, answer.is_redirect) == (cookies, 302, True)


def test_a_connect_is_not_to_be_held_and_replies_are_noted() -> None:
    seen, connect, event = Observer(), Message(channel="/meta/connect"), Message(channel="/a")
    for message in (connect, event):
        seen.outgoing(message)
        seen.incoming(message)
    assert (connect.advice is not None and connect.advice.timeout, event.advice) == (0, None)
    assert [reply for reply, _ in seen.replies] == [connect]
