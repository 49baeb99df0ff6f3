from __future__ import annotations

import sys

import pytest

from pybayeux_auth.login.opening import has_browser

_ALL = ("BROWSER", "SSH_CONNECTION", "SSH_TTY", "DISPLAY", "WAYLAND_DISPLAY")


@pytest.mark.parametrize(
    ("platform", "environment", "has_one"),
    [
        ("linux", (), False),
        ("linux", ("DISPLAY",), True),
        ("linux", ("WAYLAND_DISPLAY",), True),
        ("linux", ("DISPLAY", "SSH_CONNECTION"), False),
        ("linux", ("SSH_TTY", "BROWSER"), True),
        ("darwin", (), True),
        ("darwin", ("SSH_CONNECTION",), False),
        ("win32", (), True),
    ],
)
def test_whether_there_is_a_browser(
    platform: str, environment: tuple[str, ...], has_one: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in _ALL:
        monkeypatch.delenv(name, raising=False)
    for name in environment:
        monkeypatch.setenv(name, "x")
    monkeypatch.setattr(sys, "platform", platform)
    assert has_browser() is has_one
