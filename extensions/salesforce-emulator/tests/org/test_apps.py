from __future__ import annotations

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator.org.apps import App, Apps
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.ids import Ids

APP = App(client_id="app", client_secret="secret", username="me")


def test_refresh_tokens() -> None:
    apps = Apps(Ids(0), OrgClock(Clock(), 1))
    apps.add(APP)
    one, two = (apps.issue_refresh_token(APP, name) for name in ("me", "you"))
    assert (apps.refreshed_by(APP, one), apps.refreshed_by(APP, two)) == ("me", "you")
    assert apps.refreshed_by(App(client_id="other", client_secret=None, username="me"), one) is None
    assert apps.revoke_refresh_token(one) == 1
    assert apps.revoke_refresh_token(one) == 0
    assert apps.revoke_refresh_token() == 1
    assert apps.refreshed_by(APP, two) is None


def test_codes_last_for_a_quarter_of_an_hour() -> None:
    clock = Clock()
    apps = Apps(Ids(0), OrgClock(clock, 1))
    early, late = (apps.issue_code(APP, "http://back", None) for _ in range(2))
    clock.now += 899
    assert apps.redeem(early) is not None
    assert apps.redeem(early) is None
    clock.now += 1
    assert apps.redeem(late) is None
    assert apps.known == {}
