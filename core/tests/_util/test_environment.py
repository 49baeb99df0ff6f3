from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pybayeux._util.environment import check_tls_files, is_loopback, proxy_for
from pybayeux.errors import TransportError

if TYPE_CHECKING:
    from pathlib import Path

PROXY = "http://proxy:3128"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def address(url: str) -> str | None:
    proxy = proxy_for(url)
    return None if proxy is None else proxy.url


def test_without_a_proxy_there_is_none() -> None:
    assert address("http://host/") is None


@pytest.mark.parametrize(
    ("variable", "through", "direct"),
    [
        ("HTTP_PROXY", ["http://host/", "ws://host/"], ["https://host/", "wss://host/"]),
        ("https_proxy", ["https://host/", "wss://host/"], ["http://host/", "ws://host/"]),
        ("ALL_PROXY", ["http://host/", "https://host/", "ws://host/", "wss://host/"], []),
    ],
)
def test_http_and_websocket_go_the_same_way(
    variable: str, through: list[str], direct: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, PROXY)
    assert [address(url) for url in through] == [PROXY] * len(through)
    assert [address(url) for url in direct] == [None] * len(direct)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "app.localhost", "LOCALHOST."])
def test_this_machine_is_reached_directly(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://")
    assert is_loopback(host.strip("[]"))
    assert address(f"http://{host}:8080/") is None


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("example.com", "example.com", True),
        (".example.com", "a.example.com", True),
        ("example.com", "a.example.com", True),
        ("example.com", "example.org", False),
        ("*", "any", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("fd07:b51a::/64", "[fd07:b51a::7]", True),
        ("fd07:b51a::/64,x", "[fd07:b51b::7]", False),
        ("[fd07::1]", "[fd07::1]", True),
        ("fd07:b51a::/64, 300.1.2.3/99, [, :::, %zz , host", "host", True),
        ("fd07:b51a::/64, 300.1.2.3/99, [, :::, %zz , host", "other", False),
    ],
)
def test_exceptions(no_proxy: str, host: str, is_direct: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", PROXY)
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (address(f"http://{host}/") is None) is is_direct


def test_an_address_without_a_scheme_is_one_of_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "proxy:3128")
    assert address("http://host/") == PROXY


@pytest.mark.parametrize(
    "value", ["socks://h:1", "ftp://h", "http://", "http://h:port", "http://[h", "http://u:s3cr3t@"]
)
def test_what_cannot_be_a_proxy_is_fatal_and_names_the_variable(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", value)
    with pytest.raises(TransportError, match="ALL_PROXY") as caught:
        proxy_for("http://host/")
    assert (caught.value.fatal, caught.value.unsent) == (True, True)
    assert "s3cr3t" not in str(caught.value)


def test_a_text_names_the_proxy_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://user:s3cr3t@proxy:3128/")
    assert str(proxy_for("http://host/")) == "the proxy http://proxy:3128 of HTTP_PROXY"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_certificates_that_are_not_there(variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, str(tmp_path))
    check_tls_files()
    monkeypatch.setenv(variable, "/nowhere/ca.pem")
    with pytest.raises(TransportError, match=f"{variable}.*/nowhere/ca.pem") as caught:
        check_tls_files()
    assert caught.value.fatal


def test_a_log_of_keys_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    check_tls_files()
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "nowhere" / "keys.log"))
    with pytest.raises(TransportError, match=r"SSLKEYLOGFILE: .*nowhere/keys\.log"):
        check_tls_files()
