from __future__ import annotations

import pytest
from starlette.requests import Request

from pybayeux_salesforce_emulator.org.hosts import Hosts


def _to(name: str) -> Request:
    return Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"host", name.encode())]})


@pytest.mark.parametrize(
    ("name", "url", "login"),
    [
        ("127.0.0.1", "http://127.0.0.1:80", "http://localhost:80"),
        ("localhost", "http://localhost:80", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80", "http://localhost:80"),
        ("::1", "http://[::1]:80", "http://[::1]:80"),
        ("org.test", "http://org.test:80", "http://org.test:80"),
    ],
)
def test_my_domain_and_the_login_host(name: str, url: str, login: str) -> None:
    hosts = Hosts(name, lambda: 80)
    assert (hosts.instance_url, hosts.login_url) == (url, login)


def test_moving() -> None:
    hosts = Hosts("127.0.0.1", lambda: 80)
    here, there = _to("127.0.0.1:80"), _to("localhost:80")
    assert not hosts.has_left(here)
    assert hosts.is_login_host(there)
    assert not hosts.is_login_host(here)
    hosts.move()
    assert hosts.instance_url == "http://localhost:80"
    assert hosts.has_left(here)
    assert not hosts.has_left(there)
    assert not hosts.is_login_host(here), "it was My Domain, where clients that know no other name still log in"
