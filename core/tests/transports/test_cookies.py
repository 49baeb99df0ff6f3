from __future__ import annotations

import time

import httpx
import pytest

from pybayeux.transports.cookies import CookieJar

URL = "https://host/cometd"


def taking(url: str, *cookies: str) -> CookieJar:
    """A jar that was given these by a server."""
    jar = CookieJar()
    jar.take(url, [("Set-Cookie", cookie) for cookie in cookies])
    return jar


@pytest.mark.parametrize(
    "url", [URL, "http://127.0.0.1:8080/cometd", "http://localhost/", "http://[::1]:8080/cometd", "ws://host/cometd"]
)
def test_a_host_gets_its_cookies_back(url: str) -> None:
    assert taking(url, "a=1; Path=/", "b=2; Path=/").header(url) == "a=1; b=2"


def test_there_is_no_header_without_cookies() -> None:
    assert CookieJar().header(URL) is None
    assert CookieJar().header(URL, "given=1") == "given=1"


def test_cookies_come_behind_what_was_given() -> None:
    assert taking(URL, "a=1").header(URL, "given=1") == "given=1; a=1"


@pytest.mark.parametrize(("http", "ws"), [("http://h/c", "ws://h/c"), ("https://h/c", "wss://h/c")])
def test_http_and_websocket_share_them(http: str, ws: str) -> None:
    assert taking(http, "a=1").header(ws) == "a=1"
    assert taking(ws, "a=1").header(http) == "a=1"


def test_secure_cookies_stay_with_tls() -> None:
    jar = taking(URL, "a=1; Secure; Path=/")
    assert (jar.header("wss://host/"), jar.header("ws://host/"), jar.header("http://host/")) == ("a=1", None, None)


@pytest.mark.parametrize("other", ["https://other/cometd", "https://sub.host/cometd", "https://127.0.0.1/"])
def test_other_hosts_get_none(other: str) -> None:
    assert taking(URL, "a=1; Path=/").header(other) is None


def test_paths_are_kept_apart() -> None:
    jar = taking(URL, "a=1; Path=/cometd", "b=2; Path=/else")
    assert jar.header("https://host/cometd/connect") == "a=1"


def test_a_cookie_may_change_and_end() -> None:
    jar = taking(URL, "a=1; Path=/")
    jar.take(URL, [("Set-Cookie", "a=2; Path=/")])
    assert jar.header(URL) == "a=2"
    jar.take(URL, [("Set-Cookie", "a=; Path=/; Max-Age=0")])
    assert jar.header(URL) is None


def test_the_header_is_the_same_each_time_and_apart_for_each_address() -> None:
    jar = taking(URL, "a=1; Path=/", "b=2; Path=/cometd")
    for _ in range(2):
        assert sorted(str(jar.header(URL)).split("; ")) == ["a=1", "b=2"]
        assert jar.header("https://host/else") == "a=1"
        assert jar.header("https://other/") is None
    for number in range(100):
        assert jar.header(f"https://host/else?message={number}") == "a=1"


def test_a_cookie_that_ends_by_itself_is_not_sent_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    jar = taking(URL, "a=1; Path=/; Max-Age=60", "b=2; Path=/")
    assert jar.header(URL) == "a=1; b=2"
    later = time.time() + 61
    monkeypatch.setattr("time.time", lambda: later)
    assert jar.header(URL) == "b=2"


def test_cookies_that_are_added_are_sent_at_once() -> None:
    jar = taking(URL, "a=1; Path=/")
    assert jar.header(URL, anonymous=True) == "a=1"
    jar.seed(httpx.Cookies({"route": "7"}))
    assert sorted(str(jar.header(URL)).split("; ")) == ["a=1", "route=7"]
    assert jar.header(URL, anonymous=True) == "a=1"


# -- those of an HTTP client


def test_cookies_of_a_http_client_are_the_beginning() -> None:
    jar = CookieJar()
    jar.seed(httpx.Cookies({"route": "7"}))
    assert jar.header(URL) == "route=7"


def test_a_http_client_that_comes_later_takes_nothing_back() -> None:
    # A client's second transport is made when it is needed, perhaps much later.
    given = httpx.Cookies()
    old = httpx.Response(200, headers={"Set-Cookie": "route=old; Path=/"}, request=httpx.Request("GET", URL))
    given.extract_cookies(old)
    jar = taking(URL, "route=new; Path=/")
    jar.seed(given)
    assert jar.header(URL) == "route=new"


def test_the_session_of_another_client_is_left_out() -> None:
    shared = httpx.Cookies({"BAYEUX_BROWSER": "others", "route": "7"})
    jar = CookieJar()
    jar.seed(shared)
    assert jar.header(URL) == "route=7"


def test_later_changes_of_the_http_client_are_its_own() -> None:
    shared, jar = httpx.Cookies({"route": "7"}), CookieJar()
    jar.seed(shared)
    shared.set("route", "8")
    jar.take(URL, [("Set-Cookie", "a=1")])
    assert jar.header(URL) == "route=7; a=1"
    assert dict(shared) == {"route": "8"}


def test_cookies_of_no_host_go_to_no_anonymous_server() -> None:
    jar = taking(URL, "a=1")
    jar.seed(httpx.Cookies({"route": "7"}))
    assert jar.header(URL, anonymous=True) == "a=1"
    assert jar.header("https://other/", anonymous=True) is None


# -- clocks that differ

DATE = "Sun, 29 Nov 2026 10:00:00 GMT"
IN_THREE_HOURS = "Sun, 29 Nov 2026 13:00:00 GMT"
NOON = 1_795_946_400.0
"""The time of `DATE`."""


@pytest.mark.parametrize("ahead", [0.0, 4 * 3600.0, -30 * 3600.0])
def test_the_servers_clock_tells_when_a_cookie_is_over(ahead: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOON + ahead)
    jar = CookieJar()
    jar.take(URL, [("Date", DATE), ("Set-Cookie", f"a=1; Path=/; Expires={IN_THREE_HOURS}")])
    assert jar.header(URL) == "a=1"
    monkeypatch.setattr("time.time", lambda: NOON + ahead + 3 * 3600 - 1)
    assert jar.header(URL) == "a=1"
    monkeypatch.setattr("time.time", lambda: NOON + ahead + 3 * 3600 + 1)
    assert jar.header(URL) is None


def test_a_cookie_that_is_over_by_the_servers_clock_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOON - 30 * 3600)
    jar = taking(URL, "a=1; Path=/")
    jar.take(URL, [("date", DATE), ("set-cookie", "a=; path=/; expires=Sun, 29-Nov-2026 09:00:00 GMT")])
    assert jar.header(URL) is None


@pytest.mark.parametrize("cookie", ["a=1; Max-Age=60; Expires=soon", "a=1; Expires=soon", "a=1; Expires"])
def test_other_forms_of_expiry_stay(cookie: str) -> None:
    jar = CookieJar()
    jar.take(URL, [("Date", DATE), ("Set-Cookie", cookie)])
    assert jar.header(URL) == "a=1"
