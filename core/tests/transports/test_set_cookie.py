"""Cookies as servers really set them (RFC 6265, section 5.2)."""

from __future__ import annotations

import httpx
import pytest

from pybayeux.transports.cookies import CookieJar
from pybayeux.transports.set_cookie import as_octets, read_cookie

URL = "https://app.example.com/cometd/x"


def sent(url: str, *cookies: str, to: str | None = None) -> str | None:
    """The header of the next request."""
    jar = CookieJar()
    jar.take(url, [("Set-Cookie", cookie) for cookie in cookies])
    return jar.header(to or url)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "broker", "127.0.0.1", "[::1]"])
@pytest.mark.parametrize("domain", ["{host}", ".{host}", '"{host}"', "", "; Domain"])
def test_a_host_may_name_itself(host: str, domain: str) -> None:
    named = domain.format(host=host.strip("[]"))
    assert sent(f"http://{host}:8080/cometd", f"S=1; Domain={named}; Path=/") == "S=1"


@pytest.mark.parametrize(
    "attributes",
    ['Path="/"', "Path=", "Path", "Path=cometd", "PATH=/", "Domain=; Path=/", "Secure=yes", "Expires=", "Expires=soon",
     "Max-Age=", "Max-Age=soon", "Max-Age=1e9", "SameSite=None; Partitioned", ";;;", "=", " ; = ; Priority=High",
     "Version=1", "Max-Age=99999999999999999999", "Path=/" + "x" * 2000, 'Max-Age="60"'],
)  # fmt: skip
def test_odd_attributes_leave_the_cookie(attributes: str) -> None:
    assert sent(URL, f"S=1; {attributes}") == "S=1"


@pytest.mark.parametrize(
    "pair", ["S=1", 'S="a b"', "S=a=b==", "S=", "S=a,b", 'S={"x":1}', "__Host-S=1", "S.a[0]=1", "S=caf\xc3\xa9"]
)
def test_a_value_goes_back_as_it_came(pair: str) -> None:
    assert sent(URL, f" {pair} ; Path=/") == pair


@pytest.mark.parametrize("header", ["", ";", "=1", "S", "S=\x00", "S=a\rb", "S=\x7f", "S=" + "x" * 10_000])
def test_what_is_none_is_left_out(header: str) -> None:
    assert sent(URL, header, "good=1") == "good=1"


@pytest.mark.parametrize(
    ("domain", "to", "expected"),
    [
        ("example.com", "https://other.example.com/cometd/x", "S=1"),
        (".example.com", "https://example.com/cometd/x", "S=1"),
        ("app.example.com", "https://a.app.example.com/cometd/", "S=1"),
        ("example.com", "https://badexample.com/cometd/x", None),
        ("com", URL, None),
        ("other.com", URL, None),
        ("b.app.example.com", URL, None),
    ],
)
def test_domains(domain: str, to: str, expected: str | None) -> None:
    assert sent(URL, f"S=1; Domain={domain}", to=to) == expected


def test_no_part_of_an_address_is_a_domain() -> None:
    assert sent("http://10.0.0.1/", "S=1; Domain=0.0.1") is None


def test_longer_paths_come_first_then_older_cookies() -> None:
    assert sent(URL, "a=1; Path=/", "b=2; Path=/cometd", "c=3; Path=/", "a=4; Path=/") == "b=2; a=4; c=3"


@pytest.mark.parametrize(
    ("path", "fits"), [("/cometd", True), ("/cometd/", True), ("/com", False), ("/cometd/x/y", False)]
)
def test_paths(path: str, fits: bool) -> None:
    assert (sent(URL, f"S=1; Path={path}") is not None) is fits


def test_the_default_path_is_that_of_the_answer() -> None:
    assert sent(URL, "S=1", to="https://app.example.com/cometd") == "S=1"
    assert sent(URL, "S=1", to="https://app.example.com/") is None


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thursday, 01-Jan-70 00:00:00 GMT",
        "Thu Jan  1 00:00:00 1970",
        "01 Jan 1970 00:00:00",
    ],
)
def test_dates_in_every_form(date: str) -> None:
    assert sent(URL, "S=1", f"S=; Expires={date}") is None


def test_max_age_says_more_than_expires() -> None:
    cookie = read_cookie(URL, "S=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT", lambda: 1000.0)
    assert cookie is not None
    assert cookie.expires == 1060


def test_of_too_many_the_newest_are_kept() -> None:
    header = sent(URL, *(f"n{number}=1" for number in range(1000)))
    assert header is not None
    names = header.split("; ")
    assert (len(names), names[-1]) == (300, "n999=1")


@pytest.mark.parametrize("octets", [b"caf\xc3\xa9", b"caf\xe9", b"\x80\xff"])
def test_octets_stay_the_same_whichever_way_they_were_decoded(octets: bytes) -> None:
    assert as_octets(octets.decode("latin-1")).encode("latin-1") == octets
    if octets != b"caf\xc3\xa9":
        assert as_octets(octets.decode("utf-8", "surrogateescape")).encode("latin-1") == octets


def test_cookies_of_a_http_client_are_taken_over() -> None:
    cookies = httpx.Cookies({"any": "1"})
    cookies.set("named", "2", domain="example.com")
    answer = httpx.Response(
        200, headers={"Set-Cookie": "own=3; Path=/"}, request=httpx.Request("GET", "http://localhost/")
    )
    cookies.extract_cookies(answer)
    jar = CookieJar()
    jar.seed(cookies)
    assert jar.header("http://localhost/") == "any=1; own=3"
    assert jar.header(URL) == "any=1; named=2"
    assert jar.header("https://other/", anonymous=True) is None
