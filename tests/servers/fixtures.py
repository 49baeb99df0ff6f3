"""The fixtures: real servers, shared by the session or of a test's own, peers, proxies and a browser.

A pytest plugin, loaded by the root conftest, so that every package's tests have them. All are synchronous. Where
Java, Maven, Node, Redis, PostgreSQL or Chromium is missing, the tests that need them are skipped; with
``PYBAYEUX_REQUIRE_SERVERS=1`` they fail.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

import pytest

from tests.servers import browser as _browser
from tests.servers import cometd as _cometd
from tests.servers import kafka_engine as _kafka
from tests.servers import node as _node
from tests.servers import postgresql as _postgresql
from tests.servers import redis_engine as _redis
from tests.servers import salesforce_cli as _salesforce_cli
from tests.servers.build import BuildError, MissingTool
from tests.servers.faye import cometd_node, faye
from tests.servers.kafka_engine import KafkaEngine
from tests.servers.pool import Lendable, ServerPool
from tests.servers.postgresql import PostgresEngine
from tests.servers.proxy import Proxy
from tests.servers.redis_engine import RedisEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers.proxy import Upstream
    from tests.servers.server import Option, Server

__all__ = (
    "PeerFactory",
    "ProxyFactory",
    "ServerFactory",
    "any_factory",
    "any_server",
    "browser",
    "browser_process",
    "cometd_factory",
    "cometd_node_factory",
    "cometd_node_server",
    "cometd_package",
    "cometd_server",
    "faye_factory",
    "faye_server",
    "kafka_engine",
    "needs_tools",
    "peer_factory",
    "postgres_engine",
    "postgres_tls",
    "proxy_factory",
    "pytest_collection_finish",
    "redis_engine",
    "redis_tls",
    "salesforce_cli_factory",
    "server_pool",
)

_NEEDS: Final = {
    "any_factory": (_cometd.prepare, _node.prepare),
    "any_server": (_cometd.prepare, _node.prepare),
    "browser": (_browser.prepare,),
    "cometd_factory": (_cometd.prepare,),
    "cometd_node_factory": (_node.prepare,),
    "cometd_node_server": (_node.prepare,),
    "cometd_package": (_node.prepare,),
    "cometd_server": (_cometd.prepare,),
    "faye_factory": (_node.prepare,),
    "faye_server": (_node.prepare,),
    "kafka_engine": (_kafka.prepare,),
    "peer_factory": (_node.prepare,),
    "postgres_engine": (_postgresql.prepare,),
    "postgres_tls": (_postgresql.prepare,),
    "redis_engine": (_redis.prepare,),
    "redis_tls": (_redis.prepare,),
    "salesforce_cli_factory": (_salesforce_cli.prepare,),
    "target": (_cometd.prepare, _node.prepare),
}
"""What must be built for which fixture."""


S = TypeVar("S", bound=Lendable)


class ServerFactory(Protocol):
    """Makes a server with options of its own, see `tests.servers.cometd.cometd` and `tests.servers.faye.faye`."""

    def __call__(self, **options: Option) -> Server: ...


class PeerFactory(Protocol):
    """Starts a client of others, see `tests.servers.node.Peer`."""

    def __call__(self, kind: Literal["cometd", "faye"], url: str, transport: str = ...) -> _node.Peer: ...


class ProxyFactory(Protocol):
    """Puts a proxy before a server."""

    def __call__(self, server: Upstream) -> Proxy: ...


def pytest_collection_finish(session: pytest.Session) -> None:
    """Builds what the chosen tests need, before the first of them: a build is no part of a test's time limit."""
    if session.config.option.collectonly:
        return
    fixtures = {name for item in session.items for name in getattr(item, "fixturenames", ())}
    for prepare in {prepare for name in fixtures & _NEEDS.keys() for prepare in _NEEDS[name]}:
        # The fixture says it again, where it can skip or fail.
        with suppress(MissingTool, BuildError):
            prepare()


@contextmanager
def needs_tools() -> Iterator[None]:
    """Turns a `MissingTool` within the block into a skipped test, or into a failed one where servers are required."""
    try:
        yield
    except MissingTool as missing:
        if os.environ.get("PYBAYEUX_REQUIRE_SERVERS") == "1":
            pytest.fail(f"{missing}, and PYBAYEUX_REQUIRE_SERVERS is set")
        pytest.skip(str(missing))


@contextmanager
def _factory(pool: ServerPool, make: Callable[..., Server]) -> Iterator[ServerFactory]:
    """Lends servers on demand; at the end all of them go back."""
    with ExitStack() as servers:

        def start(**options: Option) -> Server:
            with needs_tools():
                return servers.enter_context(pool.lend(make, **options))

        yield start


@pytest.fixture(scope="session")
def server_pool() -> Iterator[ServerPool]:
    """The servers of this process: each worker of a run has its own, so that no test meets another's sessions."""
    with ServerPool() as pool:
        yield pool


@pytest.fixture
def cometd_factory(server_pool: ServerPool) -> Iterator[ServerFactory]:
    """Starts CometD servers of the test's own: ``cometd_factory(maxInterval=500)``."""
    with _factory(server_pool, _cometd.cometd) as factory:
        yield factory


@pytest.fixture
def faye_factory(server_pool: ServerPool) -> Iterator[ServerFactory]:
    """Starts Faye servers of the test's own: ``faye_factory(timeout=2000)``."""
    with _factory(server_pool, faye) as factory:
        yield factory


@pytest.fixture
def cometd_node_factory(server_pool: ServerPool) -> Iterator[ServerFactory]:
    """Starts cometd-nodejs servers of the test's own: ``cometd_node_factory(maxInterval=500)``."""
    with _factory(server_pool, cometd_node) as factory:
        yield factory


@pytest.fixture(params=["cometd", "faye"])
def any_factory(request: pytest.FixtureRequest, server_pool: ServerPool) -> Iterator[ServerFactory]:
    """`cometd_factory` and `faye_factory` in turn."""
    with _factory(server_pool, {"cometd": _cometd.cometd, "faye": faye}[request.param]) as factory:
        yield factory


@pytest.fixture(scope="session")
def cometd_server(server_pool: ServerPool) -> Iterator[Server]:
    """A CometD server with its default options, shared by the session: use channels of your own."""
    with _factory(server_pool, _cometd.cometd) as factory:
        yield factory()


@pytest.fixture(scope="session")
def faye_server(server_pool: ServerPool) -> Iterator[Server]:
    """A Faye server with its default options, shared by the session: use channels of your own."""
    with _factory(server_pool, faye) as factory:
        yield factory()


@pytest.fixture(scope="session")
def cometd_node_server(server_pool: ServerPool) -> Iterator[Server]:
    """A cometd-nodejs server with its default options, shared by the session: use channels of your own."""
    with _factory(server_pool, cometd_node) as factory:
        yield factory()


@pytest.fixture(params=["cometd", "faye"])
def any_server(request: pytest.FixtureRequest) -> Server:
    """`cometd_server` and `faye_server` in turn."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    return server


@contextmanager
def _engine(pool: ServerPool, make: Callable[..., S], **options: Option) -> Iterator[S]:
    """Lends one engine."""
    with ExitStack() as engines:
        with needs_tools():
            engine = engines.enter_context(pool.lend(make, **options))
        yield engine


@pytest.fixture
def redis_engine(server_pool: ServerPool) -> Iterator[RedisEngine]:
    """A Redis server of the test's own, empty."""
    with _engine(server_pool, RedisEngine) as engine:
        yield engine


@pytest.fixture
def redis_tls(server_pool: ServerPool) -> Iterator[RedisEngine]:
    """A Redis server of the test's own that speaks TLS only and asks for a password."""
    with _engine(server_pool, RedisEngine, tls=True) as engine:
        yield engine


@pytest.fixture
def kafka_engine(server_pool: ServerPool) -> Iterator[KafkaEngine]:
    """A Kafka broker of the test's own, without topics."""
    with _engine(server_pool, KafkaEngine) as engine:
        yield engine


@pytest.fixture
def postgres_engine(server_pool: ServerPool) -> Iterator[PostgresEngine]:
    """A PostgreSQL server of the test's own, with an empty database."""
    with _engine(server_pool, PostgresEngine) as engine:
        yield engine


@pytest.fixture
def postgres_tls(server_pool: ServerPool) -> Iterator[PostgresEngine]:
    """A PostgreSQL server of the test's own that speaks TLS only."""
    with _engine(server_pool, PostgresEngine, tls=True) as engine:
        yield engine


@pytest.fixture
def peer_factory() -> Iterator[PeerFactory]:
    """Starts clients of others: ``peer_factory("faye", server.url)``; they end with the test."""
    with ExitStack() as peers:

        def start(kind: Literal["cometd", "faye"], url: str, transport: str = "long-polling") -> _node.Peer:
            with needs_tools():
                return peers.enter_context(_node.Peer(kind, url, transport))

        yield start


@pytest.fixture(scope="session")
def browser_process() -> Iterator[_browser.Browser]:
    """One browser for all tests of this process."""
    with ExitStack() as stack:
        with needs_tools():
            started = stack.enter_context(_browser.start_browser())
        yield started


@pytest.fixture
def browser(browser_process: _browser.Browser) -> Iterator[_browser.Browser]:
    """A page of the test's own in a browser without a window."""
    with browser_process.tab() as page:
        yield page


@pytest.fixture
def cometd_package() -> Path:
    """The folder of CometD's JavaScript client."""
    with needs_tools():
        _node.prepare()
    return _node.package_folder("cometd")


@pytest.fixture
def proxy_factory() -> Iterator[ProxyFactory]:
    """Puts proxies before servers: ``proxy_factory(server)``; they end with the test."""
    with ExitStack() as proxies:
        yield lambda server: proxies.enter_context(Proxy(server))


@pytest.fixture
def salesforce_cli_factory(tmp_path: Path) -> Callable[[str], _salesforce_cli.SalesforceCli]:
    """Gives Salesforce's command line with a home of the test's own: ``salesforce_cli_factory(org.login_url)``."""

    def find(audience: str) -> _salesforce_cli.SalesforceCli:
        with needs_tools():
            return _salesforce_cli.SalesforceCli(tmp_path, audience)

    return find
