"""Extensions that note the hooks that are called, and the registry around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybayeux import Message, hookimpl
from pybayeux.extensions.registry import ExtensionRegistry

if TYPE_CHECKING:
    from pybayeux.errors import ExtensionHookError

CLIENT: Any = object()


class Journal:
    """Notes the calls of its hooks."""

    def __init__(self, log: list[Any], name: str = "journal") -> None:
        self.log, self.name = log, name

    @hookimpl
    def registered(self, name: str, client: object) -> None:
        assert client is CLIENT
        self.log.append(f"+{name}")

    @hookimpl
    def unregistered(self, name: str, client: object) -> None:
        assert client is CLIENT
        self.log.append(f"-{name}")

    @hookimpl
    def outgoing(self, message: Message) -> None:
        self.log.append(f"out {self.name}")

    @hookimpl
    def incoming(self, message: Message) -> None:
        self.log.append(f"in {self.name}")


class Refusing:
    """Fails in the hooks that a test asks for."""

    def __init__(self, *hooks: str) -> None:
        self.hooks = hooks

    def act(self, hook: str) -> None:
        if hook in self.hooks:
            raise ValueError(hook)

    @hookimpl
    def registered(self) -> None:
        self.act("registered")

    @hookimpl
    def unregistered(self) -> None:
        self.act("unregistered")

    @hookimpl
    def outgoing(self) -> None:
        self.act("outgoing")

    @hookimpl
    def incoming(self) -> None:
        self.act("incoming")

    @hookimpl
    def delivered(self) -> None:
        self.act("delivered")

    @hookimpl
    def state_changed(self) -> None:
        self.act("state_changed")

    @hookimpl
    def failed(self) -> None:
        self.act("failed")

    @hookimpl
    def request(self) -> None:
        self.act("request")

    @hookimpl
    def response(self) -> None:
        self.act("response")

    @hookimpl
    def register_transports(self) -> None:
        self.act("register_transports")


def registry(*extensions: object, errors: list[ExtensionHookError] | None = None, **more: Any) -> ExtensionRegistry:
    report = (errors if errors is not None else []).append
    return ExtensionRegistry(CLIENT, extensions=extensions, on_error=report, **{"discover": False, **more})
