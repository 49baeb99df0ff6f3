from __future__ import annotations

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.logins import Login, Logins


def test_the_record_of_logins() -> None:
    clock = Clock()
    logins = Logins(OrgClock(clock, 1))
    logins.add("password", "me", "app")
    logins.add("soap", "me", error="INVALID_LOGIN: no")
    assert (logins.succeeded, logins.failed) == (1, 1)
    assert logins.history[0] == Login(clock.now, "password", "me", "app")
