from __future__ import annotations

from extensions.devserver.tests.engine_client import Clock
from pybayeux_devserver.toolkit import Hold
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.ids import Ids
from pybayeux_salesforce_emulator.org.tokens import Tokens
from pybayeux_salesforce_emulator.org.versions import Version
from pybayeux_salesforce_emulator.streaming.session_endings import SESSION_ENDINGS
from pybayeux_salesforce_emulator.streaming.sessions import OrgSession, OrgSessions


class _Sessions(OrgSessions):
    def __init__(self) -> None:
        self.wall = Clock()
        self.time = OrgClock(self.wall, 1)
        self.tokens = Tokens(Ids(0), "00D", 1000, self.time)
        super().__init__(Ids(1), 40, self.time)

    def add(self, browser: str = "jar", server: int = 1) -> OrgSession:
        return self.create(server=server, browser=browser, token=self.tokens.issue("me"), version=Version(67))


def test_a_session_ends_40_seconds_after_the_last_reply() -> None:
    sessions = _Sessions()
    session = sessions.add()
    sessions.wall.now += 39
    sessions.touch(session)
    sessions.wall.now += 39
    assert sessions.find(session.client_id) is session
    sessions.wall.now += 1
    assert sessions.find(session.client_id) is None
    assert len(sessions) == 0


def test_session_with_a_held_connect_does_not_expire() -> None:
    sessions = _Sessions()
    session = sessions.add()
    session.hold = Hold({}, 110, advised=False)
    sessions.wall.now += 1000
    assert session in sessions
    assert list(sessions) == [session]


def test_a_jar_has_one_session_on_a_server() -> None:
    sessions = _Sessions()
    older, elsewhere, other = sessions.add(), sessions.add(server=2), sessions.add(browser="other")
    younger = sessions.add()
    assert older not in sessions
    assert list(sessions) == [elsewhere, other, younger]


def test_ending_a_session_answers_its_held_connect() -> None:
    sessions = _Sessions()
    session = sessions.add()
    session.hold = Hold({}, 110, advised=False)
    woken: list[int] = []
    session.hold.when_woken(lambda: woken.append(1))
    sessions.remove(session, SESSION_ENDINGS["402"])
    assert woken == [1]
    assert sessions.ending_of(session.client_id) == SESSION_ENDINGS["402"]
    assert sessions.ending_of("other") is sessions.ending_of(None) is None
