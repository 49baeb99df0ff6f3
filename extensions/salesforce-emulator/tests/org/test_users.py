from __future__ import annotations

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator.options import OrgOptions
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.ids import Ids
from pybayeux_salesforce_emulator.org.users import Users


def _users() -> tuple[Users, Clock]:
    clock = Clock()
    users = Users(Ids(0), OrgOptions(lock_after=3, lock_duration=900), OrgClock(clock, 1))
    users.add("me", "right", "TOKEN")
    return users, clock


def test_the_security_token_follows_the_password() -> None:
    users, _ = _users()
    user = users.with_password("me", "rightTOKEN")
    assert user is not None
    assert user.user_id.startswith("005")
    assert users.with_password("me", "right") is None
    assert users.with_password("you", "rightTOKEN") is None


def test_right_password_resets_the_count() -> None:
    users, _ = _users()
    for _ in range(5):
        users.with_password("me", "wrong")
        users.with_password("me", "wrong")
        assert users.with_password("me", "rightTOKEN") is not None


def test_too_many_wrong_passwords_lock_a_user_out() -> None:
    users, clock = _users()
    for _ in range(3):
        users.with_password("me", "wrong")
    assert users.locked(users.known["me"])
    assert users.known["me"].lockouts == 1
    assert users.with_password("me", "rightTOKEN") is None
    clock.now += 900
    assert users.with_password("me", "rightTOKEN") is not None


def test_another_password_for_the_same_user() -> None:
    users, _ = _users()
    before = users.known["me"].user_id
    assert users.add("me", "new").user_id == before
    assert users.with_password("me", "new") is not None
