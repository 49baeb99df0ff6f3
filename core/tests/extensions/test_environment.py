from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux.extensions import discovery
from pybayeux.extensions.environment import owners_of_variables, warn_of_unmatched

if TYPE_CHECKING:
    from collections.abc import Iterator


class Acme:
    def __init__(self, hmac_key: str = "") -> None: ...


class AcmeHmac:
    def __init__(self, key: str = "") -> None: ...


TARGETS = {"acme": Acme, "acme-hmac": AcmeHmac}


@pytest.fixture(autouse=True)
def nothing_was_told() -> Iterator[None]:
    discovery.forget()
    yield
    discovery.forget()


def test_a_variable_belongs_to_the_extension_with_the_longer_name(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert owners_of_variables(TARGETS) == {}
    monkeypatch.setenv("PYBAYEUX_ACME_HMAC_KEY", "k")
    assert owners_of_variables({"acme": Acme}) == {"PYBAYEUX_ACME_HMAC_KEY": "acme"}
    assert not caplog.messages
    assert owners_of_variables(TARGETS) == {"PYBAYEUX_ACME_HMAC_KEY": "acme-hmac"}
    assert caplog.messages == [
        (
            "PYBAYEUX_ACME_HMAC_KEY fits option 'key' of extension 'acme-hmac' and option 'hmac_key' of extension "
            "'acme': it sets the former alone; set the other with options="
        )
    ]


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("PYBAYEUX_ACME_HMAC_KYE", "did you mean PYBAYEUX_ACME_HMAC_KEY?"),
        ("PYBAYEUX_DISABLE_EXTENSION", "did you mean PYBAYEUX_DISABLE_EXTENSIONS?"),
        ("PYBAYEUX_GONE_FOREVER", "no extension in use has such an option"),
    ],
)
def test_a_variable_that_sets_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, variable: str, hint: str
) -> None:
    monkeypatch.setenv("PYBAYEUX_TRACE", "0")
    monkeypatch.setenv("PYBAYEUX_LOG_FORMAT", "json")
    monkeypatch.setenv("PYBAYEUX_ACME_HMAC_KEY", "k")
    monkeypatch.setenv("PYBAYEUX_REPLAY_STORE", "k")
    monkeypatch.setenv(variable, "a secret")
    warn_of_unmatched(TARGETS, ["replay"])
    warn_of_unmatched(TARGETS, ["replay"])
    assert caplog.messages == [f"{variable} is set in the environment, but is not used: {hint}"]
