from __future__ import annotations

import ssl

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import InvalidMessage, InvalidProxyStatus, InvalidURI, ProxyError
from websockets.http11 import Response

from pybayeux._util.redact import Redactor
from pybayeux.transports.dialling import upgrade_failure

UNVERIFIED = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("error", "fatal", "unavailable"),
    [
        (ConnectionRefusedError(111, "refused"), False, False),
        (OSError("unreachable"), False, False),
        (TimeoutError(110, "late"), False, False),
        (ssl.SSLError(1, "handshake failure"), False, False),
        (UNVERIFIED, True, False),
        (InvalidURI("gopher://", "no"), True, False),
        (UnicodeError("label too long"), True, False),
        (InvalidMessage("did not receive a valid HTTP response"), False, True),
        (InvalidProxyStatus(Response(403, "Forbidden", Headers())), False, True),
        (ProxyError("failed"), False, False),
        (ImportError("python-socks"), False, True),
    ],
)
def test_failures_without_an_answer(error: Exception, fatal: bool, unavailable: bool) -> None:
    failure = upgrade_failure(error, Redactor())
    assert (failure.fatal, failure.unavailable, failure.unsent) == (fatal, unavailable, True)


def test_an_answer_that_is_late_is_none() -> None:
    failure = upgrade_failure(TimeoutError("late"), Redactor(), patience=5.0)
    assert (str(failure), failure.unavailable, failure.unsent) == ("no answer to the upgrade within 5 s", True, True)


def test_a_failure_without_words_has_some() -> None:
    assert str(upgrade_failure(OSError(), Redactor())) == "OSError: no reason given"


def test_texts_show_no_secrets() -> None:
    redact = Redactor()
    redact.remember("t0k3n-t0k3n")
    assert "t0k" not in str(upgrade_failure(OSError("t0k3n-t0k3n"), redact))
