from __future__ import annotations

from email.utils import parsedate_to_datetime

from extensions.devserver.tests.engine_client import Clock
from pybayeux_salesforce_emulator.org.clock import OrgClock
from pybayeux_salesforce_emulator.org.ids import Ids
from pybayeux_salesforce_emulator.streaming.cookies import BALANCER, BROWSER, LoadBalancer, Route


def _balancer(scale: float = 1) -> tuple[LoadBalancer, Clock]:
    clock = Clock()
    return LoadBalancer(Ids(0), 100, OrgClock(clock, scale)), clock


def _jar(route: Route) -> dict[str, str]:
    return {name: value.partition(";")[0] for name, value in route.new_cookies.items()}


def test_a_cookie_leads_to_the_same_server_for_a_while() -> None:
    balancer, clock = _balancer()
    first = balancer.route({})
    again = balancer.route(_jar(first))
    assert (again.server, again.new_cookies) == (first.server, {})
    clock.now += 100
    late = balancer.route(_jar(first))
    assert late.server != first.server
    assert BALANCER in late.new_cookies


def test_without_a_cookie_each_request_goes_to_another_server() -> None:
    balancer, _ = _balancer()
    assert balancer.route({}).server != balancer.route({}).server
    assert balancer.route({BALANCER: "made-up"}).new_cookies


def test_after_rebalancing_no_cookie_leads_back() -> None:
    balancer, _ = _balancer()
    first = balancer.route({})
    balancer.rebalance()
    assert balancer.route(_jar(first)).server != first.server


def test_expiry_is_in_real_time() -> None:
    balancer, clock = _balancer(scale=10)
    expires = balancer.route({}).new_cookies[BALANCER].rpartition("=")[2]
    assert parsedate_to_datetime(expires).timestamp() == int(clock.now) + 10


def test_route_without_cookies() -> None:
    balancer, _ = _balancer()
    assert balancer.route({}).without_cookies
    assert balancer.route({"other": "x"}).without_cookies
    assert not balancer.route({BROWSER: "x"}).without_cookies
    assert balancer.route({BROWSER: "x"}).browser == "x"


def test_browser_cookies() -> None:
    name, cookies = _balancer()[0].browser_cookies()
    assert cookies[BROWSER] == f"{name}; Path=/cometd/; HttpOnly"
    assert set(cookies) == {BROWSER, "BrowserId"}
