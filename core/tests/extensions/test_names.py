from __future__ import annotations

import pytest

from pybayeux.extensions.names import canonical, did_you_mean, split_names


@pytest.mark.parametrize("name", ["acme-hmac", "acme_hmac", "Acme.HMAC", "ACME--hmac"])
def test_spellings_of_one_name(name: str) -> None:
    assert canonical(name) == "acme-hmac"


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("acme_hmac", ["ack", "acme-hmac"], "did you mean 'acme-hmac'?"),
        ("repaly", ["ack", "replay"], "did you mean 'replay'?"),
        ("x", ["ack", "replay"], "expected one of ack, replay"),
        ("x", [], "none is in use"),
    ],
)
def test_what_was_meant(name: str, known: list[str], text: str) -> None:
    assert did_you_mean(name, known) == text


def test_names_in_a_variable() -> None:
    assert split_names(" ack, replay,,") == ("ack", "replay")
    assert split_names("") == ()
