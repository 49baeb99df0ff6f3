from __future__ import annotations

from typing import Any

import pytest

from extensions.auth.tests.fake_keyring import FakeKeyring
from pybayeux_auth.login.token_place import choose_place


def _place(asked: str | None, **changes: str | None) -> str:
    given: dict[str, Any] = {"login_url": "http://localhost:80", "client_id": "mine", "user_id": "005"}
    return choose_place(asked, **(given | changes))


@pytest.mark.parametrize(
    ("asked", "priority", "kind"),
    [(None, 5, "keyring"), (None, 0, "file"), ("keyring", 0, "keyring"), ("file", 5, "file")],
)
def test_the_keyring_if_there_is_one(
    asked: str | None, priority: float, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeKeyring({}, priority=priority).install(monkeypatch)
    place = _place(asked)
    assert place.startswith("keyring:pybayeux/localhost-80-" if kind == "keyring" else "file:/")
    assert "localhost-80-" in place


def test_another_place_is_taken_as_it_is() -> None:
    assert _place("file:token.json") == "file:token.json"


def test_each_server_app_and_user_has_its_own() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"login_url": "http://localhost:81"},
        {"client_id": "other"},
        {"user_id": "006"},
        {"user_id": None},
    ]
    assert len({_place("keyring", **each) for each in changes}) == 5
    assert _place("keyring") == _place("keyring")
