from __future__ import annotations

import gc
import os
import weakref
from typing import TYPE_CHECKING

import certifi
import pytest

from pybayeux._util.tls import system_certificates, trusted_certificates
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with certificates, which the environment names."""
    path = tmp_path / "ca.pem"
    with open(certifi.where(), encoding="utf-8") as all_of_them:
        path.write_text(all_of_them.read().partition("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    return path


@pytest.mark.parametrize("certificates", [trusted_certificates, system_certificates])
def test_those_who_use_them_at_the_same_time_share_them(certificates: Callable[[], ssl.SSLContext]) -> None:
    assert certificates() is certificates()


def test_those_of_the_system_are_others() -> None:
    assert trusted_certificates() is not system_certificates()


@pytest.mark.parametrize("certificates", [trusted_certificates, system_certificates])
def test_they_are_let_go_of_after_their_last_user(certificates: Callable[[], ssl.SSLContext], file: Path) -> None:
    context = weakref.ref(certificates())
    gc.collect()
    assert context() is None


def test_another_environment_has_others(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = trusted_certificates()
    assert len(named.get_ca_certs()) == 1
    monkeypatch.setenv("SSL_CERT_FILE", "")
    assert trusted_certificates() is not named


def test_a_file_that_is_replaced_is_read_again(file: Path) -> None:
    before = trusted_certificates()
    os.utime(file, ns=(1, 1))
    assert trusted_certificates() is not before


def test_a_file_without_certificates_is_fatal(file: Path) -> None:
    file.write_text("gibberish")
    with pytest.raises(TransportError, match="SSL_CERT_FILE or SSL_CERT_DIR cannot be loaded") as caught:
        trusted_certificates()
    assert caught.value.fatal
