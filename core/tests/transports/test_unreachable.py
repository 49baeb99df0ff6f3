from __future__ import annotations

import ssl

import pytest

from pybayeux._util.redact import Redactor
from pybayeux.transports.unreachable import unreachable


@pytest.mark.parametrize(
    ("error", "fatal"),
    [
        (ConnectionRefusedError(111, "refused"), False),
        (ssl.SSLError(1, "handshake failure"), False),
        (ssl.SSLCertVerificationError(1, "certificate verify failed"), True),
        (UnicodeError("label too long"), True),
        (ValueError("no port"), True),
    ],
)
def test_what_does_not_get_better_is_fatal(error: Exception, fatal: bool) -> None:
    failure = unreachable(error, Redactor())
    assert (failure.fatal, failure.unavailable, failure.unsent) == (fatal, False, True)


def test_the_way_is_named_and_secrets_are_not() -> None:
    redact = Redactor()
    redact.remember("t0k3n-t0k3n")
    failure = unreachable(OSError("t0k3n-t0k3n"), redact, ", through the proxy http://p of HTTP_PROXY")
    assert "t0k3n" not in str(failure)
    assert str(failure).endswith(", through the proxy http://p of HTTP_PROXY")
