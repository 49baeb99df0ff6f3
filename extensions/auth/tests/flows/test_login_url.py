from __future__ import annotations

import pytest

from pybayeux_auth import LoginMisconfiguredError
from pybayeux_auth.flows.login_url import LoginUrl, parse_login_url


@pytest.mark.parametrize(
    "url", ["https://login.salesforce.com", "https://login.salesforce.com/", " https://login.salesforce.com "]
)
def test_a_host_has_the_path_of_salesforce(url: str) -> None:
    assert parse_login_url(url) == LoginUrl(
        host="login.salesforce.com",
        origin="https://login.salesforce.com",
        endpoint="https://login.salesforce.com/services/oauth2/token",
        audience="https://login.salesforce.com",
    )


def test_a_url_with_a_path_is_the_token_endpoint() -> None:
    url = "https://id.example.com:8443/realms/a/token?x=1"
    assert parse_login_url(f"{url}#part") == LoginUrl(
        host="id.example.com:8443", origin="https://id.example.com:8443", endpoint=url, audience=url
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:1", "http://a.localhost"])
def test_loopback_hosts_may_be_unencrypted(url: str) -> None:
    assert parse_login_url(url).endpoint == f"{url}/services/oauth2/token"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://login.example.com", "expected https, .*got http://login.example.com"),
        ("http://127.0.0.1.example.com", "expected https, "),
        ("http://10.0.0.1", "expected https, "),
        ("login.salesforce.com", "expected https://host"),
        ("ftp://login.salesforce.com", "expected https://host"),
        ("https://", "expected https://host"),
        ("https://user:pa55word@login.salesforce.com", "expected https://host"),
    ],
)
def test_an_invalid_login_url_is_an_error(url: str, why: str) -> None:
    with pytest.raises(LoginMisconfiguredError, match=why) as caught:
        parse_login_url(url)
    assert "pa55word" not in str(caught.value)
