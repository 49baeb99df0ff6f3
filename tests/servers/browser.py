"""A web browser: Chromium without a window, controlled through its driver (W3C WebDriver).

Owns finding it, starting it, and what a test does with a page. Nothing is downloaded: the browser and its driver are
those of the system. The protocol is JSON over HTTP, so it needs no library of its own.
"""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.servers.build import MissingTool, require_tool
from tests.servers.process import Child

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ("Browser", "Element", "Key", "prepare", "start_browser")

_OLDEST: Final = 110
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--host-resolver-rules=MAP *.test 127.0.0.1",
)
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
"""The name under which the protocol writes elements."""
_LIMIT: Final = 40
"""Seconds after which a wait for what never comes has failed."""


class Key:
    """Keys that are no characters (WebDriver, section 17.4.2)."""

    TAB: Final = "\ue004"
    ENTER: Final = "\ue007"
    CONTROL: Final = "\ue009"
    BACKSPACE: Final = "\ue003"


def prepare() -> None:
    """See that there are a browser and its driver.

    Raises:
        MissingTool: One of them is missing, or too old.
    """
    _find()
    require_tool("chromedriver", _OLDEST)


def _find() -> str:
    missing: MissingTool | None = None
    for name in _NAMES:
        try:
            return require_tool(name, _OLDEST)
        except MissingTool as error:
            missing = missing or error
    raise missing or MissingTool("chromium is not installed")


class Element:
    """An element of a page.

    Args:
        browser: The browser.
        name: Its name in the protocol.
    """

    def __init__(self, browser: Browser, name: str) -> None:
        self._browser: Final = browser
        self._path: Final = f"element/{name}"

    def click(self) -> None:
        """Click on it."""
        self._browser.post(f"{self._path}/click")

    def press(self, keys: str) -> None:
        """Give it the focus and press these keys, one after the other."""
        self._browser.post(f"{self._path}/value", text=keys)

    def fill(self, text: str) -> None:
        """Replace its text."""
        self._browser.post(f"{self._path}/clear")
        if text:
            self.press(text)


class Browser:
    """A browser with one page.

    Args:
        http: Sends requests to the session of its driver.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http: Final = http

    def post(self, path: str, **arguments: Any) -> Any:
        """Send a command of the protocol; returns its value."""
        return _value(self._http.post(path, json=arguments))

    def open(self, url: str) -> None:
        """Go to a page, and wait until it is loaded."""
        self.post("url", url=url)

    def run(self, script: str, *arguments: Any) -> Any:
        """The result of a script in the page, which is the body of a function; a promise is waited for."""
        return self.post("execute/sync", script=script, args=arguments)

    def wait(self, script: str, *arguments: Any) -> Any:
        """The result of a script, as soon as it is true."""
        return self.wait_for(lambda: self.run(script, *arguments), script)

    def wait_for(self, look: Callable[[], Any], what: str = "what is waited for") -> Any:
        """What a function returns, as soon as it is true.

        Raises:
            AssertionError: It was not in time.
        """
        deadline = monotonic() + _LIMIT
        while not (found := look()):
            if monotonic() > deadline:
                raise AssertionError(f"not within {_LIMIT} s: {what}")
            sleep(0.02)
        return found

    def element(self, selector: str) -> Element:
        """The first element of a CSS selector."""
        return Element(self, self.post("element", using="css selector", value=selector)[_ELEMENT])

    def emulate(self, command: str, **arguments: Any) -> None:
        """Send a command of Chromium's own, such as ``Emulation.setEmulatedMedia``."""
        self.post("goog/cdp/execute", cmd=command, params=arguments)

    def screenshot(self, width: int, height: int) -> bytes:
        """What a window of this size shows, as WebP."""
        self.emulate(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )
        taken = self.post("goog/cdp/execute", cmd="Page.captureScreenshot", params={"format": "webp", "quality": 60})
        return base64.b64decode(taken["data"])

    def errors(self) -> list[str]:
        """What the page has written to its console as an error, and was not asked for yet."""
        return [entry["message"] for entry in self.post("se/log", type="browser") if entry["level"] == "SEVERE"]

    @contextmanager
    def tab(self) -> Iterator[Browser]:
        """A new page, which is closed at the end of the block."""
        first = _value(self._http.get("window"))
        self.post("window", handle=self.post("window/new", type="tab")["handle"])
        self.errors()  # those of earlier pages
        try:
            yield self
        finally:
            _value(self._http.delete("window"))
            self.post("window", handle=first)


@contextmanager
def start_browser() -> Iterator[Browser]:
    """Start a browser; it ends with the block.

    Raises:
        MissingTool: There is none.
    """
    binary, driver = _find(), require_tool("chromedriver", _OLDEST)
    options = {"binary": binary, "args": _ARGUMENTS}
    capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    with _driver(driver) as origin, httpx.Client(base_url=origin, timeout=60, trust_env=False) as http:
        started = _value(http.post("/session", json={"capabilities": {"alwaysMatch": capabilities}}))
        session = f"{origin}/session/{started['sessionId']}"
        http.base_url = f"{session}/"
        try:
            yield Browser(http)
        finally:
            _value(http.delete(session))  # the browser ends with its session


@contextmanager
def _driver(path: str) -> Iterator[str]:
    """The address of a driver that runs during the block."""
    child = Child([path, "--port=0"])
    try:
        deadline = monotonic() + _LIMIT
        while (
            found := re.search(r"started successfully on port (\d+)", child.read_line(deadline - monotonic()))
        ) is None:
            pass
        yield f"http://127.0.0.1:{found[1]}"
    finally:
        child.kill()


def _value(answer: httpx.Response) -> Any:
    """The value of an answer.

    Raises:
        AssertionError: The browser could not do it.
    """
    value = answer.json()["value"]
    assert answer.status_code == 200, f"{value['error']}: {value['message']}"
    return value
