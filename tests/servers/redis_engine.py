"""Redis, as the machine has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import redis

from tests.servers.build import require_tool
from tests.servers.certificate import Certificate
from tests.servers.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("RedisEngine", "prepare")

PASSWORD: Final = "s3cret"


def prepare() -> None:
    """See that Redis is there.

    Raises:
        MissingTool: It is missing, or older than 6.2.
    """
    require_tool("redis-server", 6)


class RedisEngine(Engine):
    """A Redis server that writes each change into its log before it answers, so that it keeps them over a kill.

    With Redis's default, ``appendfsync everysec``, a change waits while the disk is busy with those before it.

    Args:
        tls: Whether it speaks TLS only, and asks for a password.

    Raises:
        MissingTool: Redis is missing.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self._program: Final = require_tool("redis-server", 6)
        super().__init__("redis")
        self.certificate: Final = Certificate(self.folder) if tls else None

    @property
    def url(self) -> str:
        """The name of a store in its database 0."""
        if self.certificate is None:
            return f"redis://127.0.0.1:{self.port}/0"
        return f"rediss://:{PASSWORD}@127.0.0.1:{self.port}/0?ssl_ca_certs={self.certificate.file}"

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        command = [self._program, "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", ""]
        command += ["--appendonly", "yes", "--appendfsync", "always"]
        if self.certificate is None:
            return [*command, "--port", str(self.port)]
        file = str(self.certificate.file)
        certificate = ["--tls-cert-file", file, "--tls-key-file", file, "--tls-ca-cert-file", file]
        command += ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no", *certificate]
        return [*command, "--requirepass", PASSWORD]

    def connect(self) -> redis.Redis:
        """Return a client of its own; the caller closes it."""
        return redis.Redis.from_url(self.url, socket_timeout=5, socket_connect_timeout=5)

    def answers(self) -> bool:
        """Whether it serves requests now."""
        with self.connect() as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def clear(self) -> None:
        """Delete all keys and close all connections."""
        with self.connect() as client:
            client.flushall()
            client.client_kill_filter(_type="normal", skipme=True)
