"""The development server's page, as a person with a browser uses it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Client
from pybayeux_devserver.faults.catalogue import FAULTS
from tests.servers.browser import Key

if TYPE_CHECKING:
    from pybayeux_devserver import BlockingServer
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.browser import Browser, Element

SHOWN = "return [...document.querySelectorAll('#log li:not([hidden]) b')].map((each) => each.textContent)"
TEXT = "return document.getElementById(arguments[0]).innerText"


class Page:
    """The page of a server."""

    def __init__(self, browser: Browser, server: BlockingServer) -> None:
        assert server.page_url is not None
        self.browser = browser
        browser.open(server.page_url)
        browser.wait("return document.getElementById('state').textContent == 'live'")
        browser.wait("return document.querySelectorAll('#faults form').length > 0")

    def element(self, selector: str) -> Element:
        return self.browser.element(selector)

    def text(self, name: str) -> str:
        return str(self.browser.run(TEXT, name))

    def shows(self, name: str, words: str) -> None:
        self.browser.wait_for(lambda: words in self.text(name), f"{words!r} in {name}")

    def shown(self) -> list[str]:
        """The channels of the messages that are shown, the newest first."""
        found: list[str] = self.browser.run(SHOWN)
        return found

    def show(self, *channels: str) -> None:
        self.browser.wait_for(lambda: self.shown() == list(channels), f"{channels} in the list")

    def fill(self, name: str, text: str) -> None:
        self.element(f"#{name}").fill(text)


@pytest.fixture
def server(bayeux_server_factory: ServerFactory) -> BlockingServer:
    return bayeux_server_factory(replay=False)


@pytest.fixture
def page(browser: Browser, server: BlockingServer) -> Page:
    return Page(browser, server)


def call(page: Page, server: BlockingServer, *messages: dict[str, Any]) -> None:
    """Send messages in one request. Each is answered by one message on its channel."""
    script = "return fetch(arguments[0], {method: 'POST', body: arguments[1]}).then((answer) => answer.ok)"
    assert page.browser.run(script, server.url, json.dumps(messages))


def test_an_idle_server_says_that_there_is_nothing(page: Page, server: BlockingServer) -> None:
    assert page.text("sessions") == "No client is connected."
    assert page.text("channels") == "No channel has a subscriber."
    assert page.text("nothing").startswith("No message has passed yet.")
    assert server.url in page.text("address")
    assert "websocket, long-polling, callback-polling, ack; advice" in page.text("offer")
    assert page.browser.errors() == []


def test_sessions_channels_and_messages_are_shown(page: Page, server: BlockingServer) -> None:
    with Client(server.url, transports=["long-polling"]) as client, client.subscribe("/orders/*") as events:
        server.publish("/orders/new", {"number": 1})
        assert next(iter(events)).data == {"number": 1}
        page.shows("sessions", str(client.client_id))
        page.shows("sessions", "long-polling")
        page.shows("sessions", "/orders/*")
        page.shows("channels", "/orders/*\t1")
        page.browser.wait_for(lambda: "/orders/new" in page.shown())
        log = page.text("log")
        assert '{"number":1}' in log
        assert 'advice {"reconnect":"retry","interval":0,"timeout":30000}' in log
        assert 'ext {"ack":true}' in log
        assert '"/orders/*"' in log
    page.shows("sessions", "No client is connected.")


def test_messages_are_filtered(page: Page, server: BlockingServer) -> None:
    call(page, server, {"channel": "/a/b", "data": "One", "clientId": "x"}, {"channel": "/meta/connect"})
    both = ["/meta/connect", "/a/b", "/meta/connect", "/a/b"]
    page.show(*both)
    for pattern, shown in (("/a/*", ["/a/b", "/a/b"]), ("/a", []), ("/**", both), ("/a/b", ["/a/b", "/a/b"])):
        page.fill("pattern", pattern)
        page.show(*shown)
    assert "2 of 4 shown" in page.text("counts")
    page.fill("pattern", "/none")
    page.shows("nothing", "None of 4 messages matches the filters.")
    page.fill("pattern", "a*")
    page.shows("pattern-problem", "a* is neither a channel (/orders/new) nor a pattern")
    page.show(*both)
    page.fill("pattern", "/")
    page.element("#pattern").press(Key.BACKSPACE)
    page.fill("text", "oNE")
    page.show("/a/b")
    page.fill("text", "x")
    page.element("#text").press(Key.BACKSPACE)
    page.element("#direction").press("received")
    page.show("/meta/connect", "/a/b")
    page.element("#meta").click()
    page.show("/a/b")


def test_a_message_opens_with_the_keyboard_and_is_shown_whole(page: Page, server: BlockingServer) -> None:
    call(page, server, {"channel": "/a", "data": {"long": "x" * 300}})
    page.browser.wait_for(lambda: page.shown() == ["/a", "/a"])
    page.element("#log").press(Key.TAB)
    assert page.browser.run("return document.activeElement.tagName") == "SUMMARY"
    page.element("#log summary:focus").press(Key.ENTER)
    shown = page.browser.wait("return document.querySelector('#log details[open] pre')?.textContent")
    assert json.loads(shown) == {"channel": "/a", "successful": False, "error": "402::session_unknown"}


def test_what_clients_send_is_shown_as_text(page: Page, server: BlockingServer) -> None:
    evil = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    call(page, server, {"channel": f"/{evil}", "data": evil, "ext": {evil: evil}, "subscription": evil})
    page.browser.wait_for(lambda: f"/{evil}" in page.shown())
    assert page.browser.run("return document.title") == "Bayeux development server"
    assert not page.browser.run("return document.querySelectorAll('main img, main script').length")
    assert page.browser.errors() == []


def test_pausing_keeps_what_is_shown(page: Page, server: BlockingServer) -> None:
    page.element("#pause").press(" ")
    call(page, server, {"channel": "/a"})
    page.shows("counts", "2 more while paused")
    assert page.shown() == []
    page.element("#pause").press(" ")
    page.show("/a", "/a")
    page.element("#clear").click()
    page.shows("nothing", "No message since.")


def test_memory_is_bounded(page: Page, server: BlockingServer) -> None:
    call(page, server, *[{"channel": f"/{number}"} for number in range(1200)])
    page.shows("counts", "500 of 500 shown, 1900 older ones dropped")
    call(page, server, *[{"channel": "/large", "data": "x" * 1_500_000} for _ in range(4)])
    page.shows("counts", "6 of 6 shown")


def test_publishing(page: Page, server: BlockingServer) -> None:
    with Client(server.url) as client, client.subscribe("/orders") as events:
        page.fill("data", '{"number": 7}')
        page.element("#data").press(Key.CONTROL + Key.ENTER)
        assert next(iter(events)).data == {"number": 7}
        page.shows("published", "Published.")
    page.fill("data", "{number")
    page.element("#publish button").click()
    page.shows("published", "The data is not JSON")
    page.fill("data", "1")
    page.fill("channel", "/meta/connect")
    page.element("#publish button").click()
    page.shows("published", "expected a broadcast channel")


def test_every_fault_has_a_button_that_plays_it(page: Page) -> None:
    forms = page.browser.run("return [...document.querySelectorAll('#faults form')].map((each) => each.id)")
    assert forms == [f"fault-{name}" for name in (*FAULTS, "restart", "issue_token")]
    page.element("#fault-delay_replies [name=seconds]").fill("1")
    for name in FAULTS:
        page.element(f"#fault-{name} button").press(Key.ENTER)
        output = f"#fault-{name} output"
        page.browser.wait("return document.querySelector(arguments[0]).innerText.startsWith('Done')", output)


def test_a_fault_takes_its_arguments(page: Page, server: BlockingServer) -> None:
    page.element("#fault-unavailable details summary").press(Key.ENTER)
    for name, value in (("n", "2"), ("channel", "/meta/handshake"), ("status", "429"), ("retry_after", "3")):
        page.element(f"#fault-unavailable [name={name}]").fill(value)
    page.element("#fault-unavailable button").click()
    page.browser.wait("return document.querySelector('#fault-unavailable output').innerText == 'Done.'")
    page.shows("planned", "2 planned")
    answer = "return fetch(arguments[0], {method: 'POST', body: arguments[1]}).then((answer) => answer.status)"
    handshake = json.dumps([{"channel": "/meta/handshake", "supportedConnectionTypes": ["long-polling"]}])
    assert [page.browser.run(answer, server.url, handshake) for _ in range(3)] == [429, 429, 200]
    page.shows("log", "HTTP 429")
    page.shows("log", "fault: replaced")


def test_a_lost_connection_is_told_and_comes_back(page: Page, server: BlockingServer) -> None:
    page.browser.run(
        "window.states = []; new MutationObserver(() => states.push(state.textContent))"
        ".observe(document.getElementById('state'), {childList: true})"
    )
    page.element("#fault-restart button").click()
    page.browser.wait("return window.states.at(-1) == 'live'")
    assert page.browser.run("return window.states") == ["connection lost, trying again", "live"]
    call(page, server, {"channel": "/after"})
    page.show("/after", "/after")


def test_what_the_server_refuses_is_shown(browser: Browser, server: BlockingServer) -> None:
    """Under a name that is not the server's, as with DNS rebinding, the page can read nothing."""
    browser.open((server.page_url or "").replace("127.0.0.1", "not-this-server.test"))
    browser.wait("return document.getElementById('problem').innerText.includes('start the server with --host')")
    assert browser.run(TEXT, "state") == "connection lost, trying again"


@pytest.mark.parametrize("width", [320, 1280])
def test_no_width_needs_scrolling_sideways(width: int, page: Page, server: BlockingServer) -> None:
    call(page, server, {"channel": "/" + "long" * 50, "data": "x" * 500, "ext": {"y" * 100: "z" * 100}})
    page.browser.wait_for(lambda: len(page.shown()) == 2)
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    page.browser.emulate("Emulation.setDeviceMetricsOverride", **size)
    assert page.browser.run("return window.innerWidth") == width
    assert page.browser.run("return document.documentElement.scrollWidth") <= width


def test_light_and_dark_follow_the_system(page: Page) -> None:
    colours = []
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.browser.emulate("Emulation.setEmulatedMedia", features=features)
        colours.append(page.browser.run("return getComputedStyle(document.body).backgroundColor"))
    assert colours == ["rgb(255, 255, 255)", "rgb(20, 23, 27)"]
