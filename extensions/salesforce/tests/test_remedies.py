from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import Remedy
from pybayeux_salesforce.errors import (
    AccessError,
    CookieError,
    QuotaError,
    SalesforceError,
    ServerBusyError,
    SessionGoneError,
    TokenDeadError,
)
from pybayeux_salesforce.failures import Asked
from pybayeux_salesforce.pace import Pace
from pybayeux_salesforce.remedies import Remedies

if TYPE_CHECKING:
    from pybayeux_salesforce.remedies import Treatment


class _NoChance(Random):
    def random(self) -> float:
        return 0.0


def _remedies() -> Remedies:
    return Remedies(Pace(120, 900, _NoChance()), Pace(300, 3600, _NoChance()))


def _connect(remedies: Remedies, kind: type[SalesforceError], now: float = 0.0) -> Treatment:
    return remedies.treat(kind, Asked.CONNECT, "/meta/connect", now)


def _subscribe(remedies: Remedies, kind: type[SalesforceError], channel: str, now: float = 0.0) -> Treatment:
    return remedies.treat(kind, Asked.SUBSCRIBE, channel, now)


def test_an_overloaded_server_is_left_alone_for_minutes_and_longer_each_time() -> None:
    remedies = _remedies()
    waits = [_connect(remedies, ServerBusyError, now).wait for now in (0, 120, 360, 840, 1740)]
    assert waits == [120, 240, 480, 900, 900]


def test_a_limit_is_left_alone_for_longer() -> None:
    remedies = _remedies()
    assert [_connect(remedies, QuotaError, now).wait for now in (0, 300, 900)] == [300, 600, 1200]


def test_a_handshake_and_a_connect_are_one_thing_and_each_channel_another() -> None:
    remedies = _remedies()
    assert remedies.treat(QuotaError, Asked.HANDSHAKE, "/meta/handshake", 0).wait == 300
    assert _connect(remedies, QuotaError).wait == 600
    assert _subscribe(remedies, QuotaError, "/event/A__e").wait == 300
    assert _subscribe(remedies, QuotaError, "/event/B__e").wait == 300


def test_a_channel_whose_token_was_refused_is_asked_for_once_more() -> None:
    remedies = _remedies()
    tried = [_subscribe(remedies, TokenDeadError, channel).remedy for channel in ("/event/A__e", "/event/B__e")]
    assert tried == [Remedy.HANDSHAKE, Remedy.HANDSHAKE]
    assert _subscribe(remedies, TokenDeadError, "/event/A__e").remedy is Remedy.GIVE_UP


def test_a_refused_token_ends_a_session_that_nobody_renews() -> None:
    assert [_connect(_remedies(), TokenDeadError).remedy for _ in range(2)] == [Remedy.GIVE_UP, Remedy.GIVE_UP]


def test_cookies_are_dropped_once_until_the_session_is_sound() -> None:
    remedies = _remedies()
    assert [_connect(remedies, CookieError).remedy for _ in range(2)] == [Remedy.HANDSHAKE, Remedy.GIVE_UP]
    remedies.sound()
    assert _connect(remedies, CookieError).remedy is Remedy.HANDSHAKE


@pytest.mark.parametrize("kind", [QuotaError, AccessError, TokenDeadError, SalesforceError])
def test_what_else_was_asked_for_is_the_askers_business(kind: type[SalesforceError]) -> None:
    assert _remedies().treat(kind, Asked.OTHER, "/event/A__e", 0) == (None, 0.0)


def test_a_session_that_is_gone_is_gone_for_everything() -> None:
    assert _remedies().treat(SessionGoneError, Asked.OTHER, "/event/A__e", 0) == (Remedy.HANDSHAKE, 0.0)


def test_a_trial_is_the_first_until_the_session_is_sound() -> None:
    remedies = _remedies()
    assert [remedies.first("move"), remedies.first("move"), remedies.first("denial")] == [True, False, True]
    remedies.sound()
    assert remedies.first("move")
