from __future__ import annotations

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.ids import Ids
from pybayeux_salesforce_emulator.org.tokens import Tokens


def _tokens() -> tuple[Tokens, Clock]:
    clock = Clock()
    return Tokens(Ids(0), "00Dxx0000000000AAA", 100, OrgClock(clock, 1)), clock


def test_token_expires_after_its_last_use() -> None:
    tokens, clock = _tokens()
    value = tokens.issue("user", "app").value
    clock.now += 90
    assert tokens.use(value) is not None
    clock.now += 90
    assert tokens.find(value) is not None
    clock.now += 10
    assert tokens.find(value) is None
    assert tokens.use(value) is None


def test_a_lifetime_of_its_own() -> None:
    tokens, clock = _tokens()
    value = tokens.issue("user", lifetime=10).value
    clock.now += 11
    assert tokens.find(value) is None


def test_one_token_or_all_can_be_ended() -> None:
    tokens, _ = _tokens()
    one, two, three = (tokens.issue("user").value for _ in range(3))
    assert tokens.revoke(one) == 1
    assert tokens.revoke(one) == 0
    assert tokens.expire(two) == 1
    assert tokens.find(three) is not None
    assert tokens.revoke() == 1
    assert [tokens.find(value) for value in (one, two, three)] == [None] * 3


def test_unknown_token_is_invalid() -> None:
    tokens, _ = _tokens()
    assert tokens.find("x") is tokens.find(None) is None
    assert tokens.revoke("x") == 0
