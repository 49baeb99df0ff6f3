"""Keeps the records of acme-audit in a file."""

from pathlib import Path

from pybayeux import hookimpl


class AuditFile:
    """Appends each record to a file.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @hookimpl
    def audited(self, channel: str, data: bytes) -> None:
        with self._path.open("a") as file:
            file.write(f"{channel} {data.decode()}\n")
