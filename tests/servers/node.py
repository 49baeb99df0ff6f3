"""What comes from npm: the installed packages, and the two JavaScript clients as peers."""

from __future__ import annotations

import json
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Literal

from tests.servers.build import Build, require_tool
from tests.servers.process import Child, ChildError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ("Peer", "node", "package_folder", "package_version", "prepare")

_FOLDER: Final = Path(__file__).parent / "node"
_BUILD: Final = Build(
    folder=_FOLDER,
    sources=("package.json", ".npmrc"),
    output="node_modules",
    tool=("npm", 8),
    arguments=("install", "--no-audit", "--no-fund"),
)


def prepare() -> None:
    """Installs the packages if need be.

    Raises:
        MissingTool: Node 18 or npm is missing.
        BuildError: the installation failed.
    """
    require_tool("node", 18)
    _BUILD.ensure()


def node(script: str) -> tuple[str, str]:
    """The command that runs one of our scripts, with its packages installed.

    Raises:
        MissingTool: Node 18 or npm is missing.
        BuildError: the installation failed.
    """
    prepare()
    return require_tool("node", 18), str(_FOLDER / script)


def package_folder(package: str) -> Path:
    """The folder of an installed package."""
    return _FOLDER / "node_modules" / package


def package_version(package: str) -> str:
    """The version of an installed package."""
    manifest = json.loads((package_folder(package) / "package.json").read_text())
    return str(manifest["version"])


class Peer:
    """A client written by others, in a process of its own, which handshakes at once.

    What happens to it arrives as a dictionary with the key ``event``: ``transport``, ``handshake``, ``subscribed``,
    ``unsubscribed``, ``published``, ``message``, ``disconnected``.

    Args:
        kind: whose client: Faye's or CometD's.
        url: the Bayeux URL of the server, always with ``http``.
        transport: ``"long-polling"``, ``"websocket"`` or ``"callback-polling"``. For the last, which both clients
            have for web pages only, the process plays as much of a page as they need.
    """

    def __init__(self, kind: Literal["cometd", "faye"], url: str, transport: str = "long-polling") -> None:
        self._child = Child([*node(f"peer_{kind}.js"), url, transport])
        self._seen: list[dict[str, Any]] = []

    def send(self, op: str, **details: Any) -> None:
        """Gives an order: ``subscribe``, ``unsubscribe``, ``publish`` (``channel``, ``data``), ``disconnect``.

        CometD's client also knows ``publishBinary`` (``channel``, ``hex``, ``last``, ``meta``).
        """
        self._child.write_line(json.dumps({"op": op, **details}))

    def expect(self, event: str, timeout: float = 20, **details: Any) -> dict[str, Any]:
        """The first event of this name, with these details, that was not taken yet; others stay.

        Args:
            event: the name.
            timeout: seconds to wait for it.
            details: keys and values that it must have.

        Raises:
            ChildError: it did not happen in time.
        """
        wanted = {"event": event, **details}
        deadline = monotonic() + timeout
        while (found := self._take(wanted)) is None:
            try:
                line = self._child.read_line(max(0.0, deadline - monotonic()))
            except ChildError as error:
                raise ChildError(f"{error}\nexpected: {wanted}\nseen: {self._seen}") from None
            self._seen.append(json.loads(line))
        return found

    def _take(self, wanted: dict[str, Any]) -> dict[str, Any] | None:
        for index, event in enumerate(self._seen):
            if wanted.items() <= event.items():
                return self._seen.pop(index)
        return None

    def subscribe(self, channel: str) -> dict[str, Any]:
        """Subscribes and waits for the outcome."""
        self.send("subscribe", channel=channel)
        return self.expect("subscribed", channel=channel)

    def unsubscribe(self, channel: str) -> dict[str, Any]:
        """Unsubscribes and waits for the outcome."""
        self.send("unsubscribe", channel=channel)
        return self.expect("unsubscribed", channel=channel)

    def publish(self, channel: str, data: Any) -> dict[str, Any]:
        """Publishes and waits for the outcome."""
        self.send("publish", channel=channel, data=data)
        return self.expect("published", channel=channel)

    def disconnect(self) -> dict[str, Any]:
        """Disconnects and waits for the outcome."""
        self.send("disconnect")
        return self.expect("disconnected")

    def close(self) -> None:
        """Ends the process."""
        self._child.stop()

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
