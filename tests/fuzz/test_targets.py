"""Every target takes every kept input, and what Hypothesis makes of them. `command` searches for longer."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.corpus import FOLDER, inputs_of
from tests.fuzz.strategies import changed
from tests.fuzz.targets import TARGETS

_EXAMPLES = {"client": 40, "session": 60}
"""How many inputs a target is given that takes its time; the others get more."""


@pytest.mark.parametrize(("target", "name"), [(target, name) for target in TARGETS for name in inputs_of(target)])
def test_kept_input(target: str, name: str) -> None:
    TARGETS[target](inputs_of(target)[name])


@pytest.mark.parametrize("target", TARGETS)
def test_changed_inputs(target: str) -> None:
    known = changed(list(inputs_of(target).values()))

    @settings(max_examples=_EXAMPLES.get(target, 150), deadline=None, suppress_health_check=list(HealthCheck))
    @given(known)
    def attempt(data: bytes) -> None:
        TARGETS[target](data)

    attempt()


PARTS = (
    "/**/",
    "a",
    "4",
    "1:",
    "[",
    "{",
    '"',
    "\\",
    "(",
    ");",
    " ",
    "; ",
    ",",
    "/a",
    "/*",
    "token:'",
    "401:",
    "\n",
    "Jan ",
)


@pytest.mark.parametrize("target", [target for target in TARGETS if target not in _EXAMPLES])
def test_long_inputs_take_no_longer_than_their_length_allows(target: str) -> None:
    # One that does takes far more time than a test has.
    for part in PARTS:
        TARGETS[target](part.encode() * 20_000)
        TARGETS[target](b"s3cret\n" + part.encode() * 20_000 + b"x")


def test_each_target_has_a_folder_of_inputs() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(TARGETS)


@pytest.mark.parametrize(
    ("target", "module", "name", "broken"),
    [
        ("decoder", "tests.fuzz.targets", "decode_batch", lambda data: 1 / 0),
        ("script", "tests.fuzz.targets", "unwrap_script", lambda data: b"[]x"),
        ("redirect", "tests.fuzz.targets", "read_redirect", lambda status, url, location: None),
        ("redactor", "tests.fuzz.targets", "Redactor", lambda: _Leaks()),
        ("session", "tests.fuzz.session_target", "_MOST_REQUESTS", 0),
        ("client", "tests.fuzz.client_target", "_MOST_TEXT", 1),
    ],
)
def test_a_target_can_fail(
    target: str, module: str, name: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{module}.{name}", broken)
    with pytest.raises((AssertionError, ZeroDivisionError)):
        for data in inputs_of(target).values():
            TARGETS[target](data)


class _Leaks:
    def remember(self, secret: str) -> None:
        """Forget it."""

    def __call__(self, text: str) -> str:
        return text
