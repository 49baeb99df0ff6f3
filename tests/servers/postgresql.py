"""PostgreSQL, as the machine has it: on the path, or where Debian keeps its versions."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg

from tests.servers.build import MissingTool
from tests.servers.certificate import Certificate
from tests.servers.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("PostgresEngine", "prepare")

_DEBIAN: Final = Path("/usr/lib/postgresql")
_USER: Final = "nobody"
"""Who runs it where the tests run as root: PostgreSQL refuses that."""


@cache
def _programs() -> Path:
    """Return the folder of PostgreSQL's programs: the newest one that has them.

    Raises:
        MissingTool: There is none.
    """
    versions = sorted(_DEBIAN.glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    on_path = shutil.which("initdb")
    for folder in [*versions, *([Path(on_path).parent] if on_path else [])]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise MissingTool("postgresql (initdb and postgres) is not installed")


def _as_user() -> list[str]:
    """Return what comes before a command that must not run as root."""
    if os.geteuid() != 0:
        return []
    if (setpriv := shutil.which("setpriv")) is None:
        raise MissingTool("setpriv is not installed, and PostgreSQL does not run as root")
    return [setpriv, f"--reuid={_USER}", "--regid=nogroup", "--clear-groups", "--"]


def prepare() -> None:
    """See that PostgreSQL is there.

    Raises:
        MissingTool: It is missing.
    """
    _programs()
    _as_user()


class PostgresEngine(Engine):
    """A PostgreSQL server with a database of its own. It does not wait for the disk: it survives kills, no power cuts.

    Args:
        tls: Whether it speaks TLS only.

    Raises:
        MissingTool: PostgreSQL is missing.
    """

    def __init__(self, *, tls: bool = False) -> None:
        self._programs: Final = _programs()
        self._prefix: Final = _as_user()
        super().__init__("postgresql")
        self.certificate: Final = Certificate(self.folder) if tls else None
        self._data: Final = self.folder / "data"
        self._own()
        self._set_up()

    def _own(self) -> None:
        if self._prefix:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, _USER, "nogroup")
        for path in self.folder.iterdir():
            path.chmod(0o600)

    def _set_up(self) -> None:
        command = [str(self._programs / "initdb"), "--pgdata", str(self._data), "--username", "tests"]
        command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
        subprocess.run([*self._prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)
        if self.certificate is not None:
            (self._data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 trust\n")

    @property
    def url(self) -> str:
        """The name of a store in its database."""
        tls = "" if self.certificate is None else f"?sslmode=verify-full&sslrootcert={self.certificate.file}"
        return f"postgresql://tests@127.0.0.1:{self.port}/postgres{tls}"

    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",
            "shared_buffers": "16MB",
            "max_connections": 60,
        }
        if self.certificate is not None:
            file = self.certificate.file
            settings |= {"ssl": "on", "ssl_cert_file": file, "ssl_key_file": file}
        chosen = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self._prefix, str(self._programs / "postgres"), "-D", str(self._data), *chosen]

    def connect(self) -> psycopg.Connection:
        """Return a connection of its own, without transactions; the caller closes it."""
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5)

    def answers(self) -> bool:
        """Whether it serves requests now."""
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def clear(self) -> None:
        """Drop all tables and close the connections of others."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
