"""CometD's JavaScript client in a real browser, on a page of another origin, with the development server."""

from __future__ import annotations

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.browser import Browser

BEGIN = """
const [url, transport] = arguments;
window.seen = [];
import('/cometd.js').then(({ CometD }) => {
  const client = window.client = new CometD();
  client.getTransportTypes().filter((type) => type !== transport).forEach((type) => client.unregisterTransport(type));
  client.configure({ url });
  client.handshake((reply) => {
    if (!reply.successful) return window.seen.push(reply);
    client.subscribe('/talk/*', ({ channel, data }) => window.seen.push({ channel, data }),
      ({ successful }) => window.seen.push({ subscribed: successful }));
  });
});
"""

PUBLISH = """
client.publish('/talk/page', { hello: 'wörld' }, ({ successful }) => window.seen.push({ published: successful }));
"""


class _Site(SimpleHTTPRequestHandler):
    """A folder of files, and an empty page."""

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b'<!doctype html><link rel="icon" href="data:,"><title>A page under development</title>')

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@pytest.fixture
def site(cometd_package: Path) -> Iterator[str]:
    """The origin of a page that can import CometD's client."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(cometd_package))) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("transport", ["websocket", "long-polling", "callback-polling"])
def test_cometd_client_on_a_page_of_another_origin(
    transport: str, browser: Browser, site: str, bayeux_server_factory: ServerFactory
) -> None:
    server = bayeux_server_factory(replay=False)
    browser.open(f"{site}/")
    browser.run(BEGIN, server.url, transport)
    browser.wait("return window.seen.length == 1")
    assert browser.run("return window.seen") == [{"subscribed": True}]

    for number in range(2):
        server.publish("/talk/server", number)
    browser.wait("return window.seen.length == 3")
    browser.run(PUBLISH)
    browser.wait("return window.seen.length == 5")
    seen = browser.run("return window.seen")
    assert seen[1:3] == [{"channel": "/talk/server", "data": number} for number in range(2)]
    assert {"channel": "/talk/page", "data": {"hello": "wörld"}} in seen
    assert {"published": True} in seen

    browser.run("client.disconnect()")
    server.received("/meta/disconnect")
    requests = [request for request in server.recorder.requests if request.messages]
    assert {request.transport for request in requests} == {transport}
    if transport == "callback-polling":  # the request of a script names its page, and no origin
        assert all(request.headers["referer"] == f"{site}/" for request in requests)
    else:
        assert all(request.headers["origin"] == site for request in requests)
    assert browser.errors() == []
