from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from pybayeux.errors import Remedy
from pybayeux_salesforce.backoff import Backoff
from pybayeux_salesforce.errors import (
    AccessError,
    CookieError,
    InvalidTokenError,
    QuotaError,
    SalesforceError,
    ServerBusyError,
    UnknownSessionError,
)
from pybayeux_salesforce.refusals import RefusedRequest
from pybayeux_salesforce.remedies import RemedyPolicy

if TYPE_CHECKING:
    from pybayeux_salesforce.remedies import RemedyDecision


class _NoJitter(Random):
    def random(self) -> float:
        return 0.0


def _remedies() -> RemedyPolicy:
    return RemedyPolicy(Backoff(120, 900, _NoJitter()), Backoff(300, 3600, _NoJitter()))


def _connect(remedies: RemedyPolicy, kind: type[SalesforceError], now: float = 0.0) -> RemedyDecision:
    return remedies.choose(kind, RefusedRequest.CONNECT, "/meta/connect", now)


def _subscribe(remedies: RemedyPolicy, kind: type[SalesforceError], channel: str, now: float = 0.0) -> RemedyDecision:
    return remedies.choose(kind, RefusedRequest.SUBSCRIBE, channel, now)


def test_waits_for_a_busy_server_grow() -> None:
    remedies = _remedies()
    waits = [_connect(remedies, ServerBusyError, now).wait for now in (0, 120, 360, 840, 1740)]
    assert waits == [120, 240, 480, 900, 900]


def test_waits_for_a_limit_are_longer() -> None:
    remedies = _remedies()
    assert [_connect(remedies, QuotaError, now).wait for now in (0, 300, 900)] == [300, 600, 1200]


def test_handshake_and_connect_share_a_backoff_and_channels_have_their_own() -> None:
    remedies = _remedies()
    assert remedies.choose(QuotaError, RefusedRequest.HANDSHAKE, "/meta/handshake", 0).wait == 300
    assert _connect(remedies, QuotaError).wait == 600
    assert _subscribe(remedies, QuotaError, "/event/A__e").wait == 300
    assert _subscribe(remedies, QuotaError, "/event/B__e").wait == 300


def test_a_channel_with_an_invalid_token_is_retried_once() -> None:
    remedies = _remedies()
    tried = [_subscribe(remedies, InvalidTokenError, channel).remedy for channel in ("/event/A__e", "/event/B__e")]
    assert tried == [Remedy.HANDSHAKE, Remedy.HANDSHAKE]
    assert _subscribe(remedies, InvalidTokenError, "/event/A__e").remedy is Remedy.GIVE_UP


def test_an_invalid_token_ends_the_session() -> None:
    assert [_connect(_remedies(), InvalidTokenError).remedy for _ in range(2)] == [Remedy.GIVE_UP, Remedy.GIVE_UP]


def test_a_cookie_error_is_retried_once_until_reset() -> None:
    remedies = _remedies()
    assert [_connect(remedies, CookieError).remedy for _ in range(2)] == [Remedy.HANDSHAKE, Remedy.GIVE_UP]
    remedies.reset()
    assert _connect(remedies, CookieError).remedy is Remedy.HANDSHAKE


@pytest.mark.parametrize("kind", [QuotaError, AccessError, InvalidTokenError, SalesforceError])
def test_other_refused_requests_have_no_remedy(kind: type[SalesforceError]) -> None:
    assert _remedies().choose(kind, RefusedRequest.OTHER, "/event/A__e", 0) == (None, 0.0)


def test_an_unknown_session_needs_a_handshake_whatever_was_refused() -> None:
    assert _remedies().choose(UnknownSessionError, RefusedRequest.OTHER, "/event/A__e", 0) == (Remedy.HANDSHAKE, 0.0)


def test_is_first_try_until_reset() -> None:
    remedies = _remedies()
    assert [remedies.is_first_try("move"), remedies.is_first_try("move"), remedies.is_first_try("denial")] == [
        True,
        False,
        True,
    ]
    remedies.reset()
    assert remedies.is_first_try("move")
