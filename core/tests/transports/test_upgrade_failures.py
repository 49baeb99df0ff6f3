from __future__ import annotations

import httpx

from pybayeux._util.redact import Redactor
from pybayeux.transports.upgrade import other_subprotocol, refused_upgrade, wrong_address


def test_an_address_that_is_none_stays_so() -> None:
    failure = wrong_address(httpx.InvalidURL("no"), Redactor())
    assert (failure.fatal, failure.unavailable, failure.unsent) == (True, False, True)


def test_texts_show_no_secrets() -> None:
    redact = Redactor()
    redact.remember("t0k3n-t0k3n")
    refused = refused_upgrade(httpx.Response(500, text="x" * 195 + "t0k3n-t0k3n"), redact)
    assert "t0k" not in f"{refused} {refused.body}"


def test_the_subprotocol_is_named() -> None:
    assert "'bayeux': it chose None" in str(other_subprotocol("bayeux", None))
