from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.extensions.journals import CLIENT, Journal, Refusing, registry
from pybayeux import Drop, Message, hookimpl
from pybayeux.errors import ExtensionHookError, TransportError, UsageError
from pybayeux.extensions.compiled_hooks import CompiledHook, CompiledHooks
from pybayeux.extensions.pipeline import Pipeline
from pybayeux.extensions.registry import ExtensionRegistry
from pybayeux.extensions.result_policy import Veto

if TYPE_CHECKING:
    from collections.abc import Generator


def test_the_pipelines_of_the_class_are_typed_by_the_specification() -> None:
    made = registry()
    assert isinstance(CompiledHooks.outgoing, CompiledHook)
    assert isinstance(made.hooks.outgoing, Pipeline)


def test_change_puts_a_new_pipeline_in_place_and_leaves_the_old_one() -> None:
    log: list[Any] = []
    made = registry()
    made.use(Journal(log, "a"))
    before = made.hooks.outgoing
    made.use(Journal(log, "b"))
    log.clear()
    before.call(Message(channel="/x"), CLIENT)
    assert log == ["out a"]


# -- what clients share


def test_clients_with_the_same_extensions_call_their_own() -> None:
    logs: list[list[Any]] = [[], []]
    first, second = (registry(Journal(log, "a"), Journal(log, "b")) for log in logs)
    for made in (first, second):
        asyncio.run(made.open())
    first.remove("b")
    for log, made in zip(logs, (first, second), strict=True):
        log.clear()
        made.hooks.outgoing.call(Message(channel="/x"), CLIENT)
    assert logs == [["out a"], ["out b", "out a"]]


def test_extension_used_later_has_the_place_that_pluggy_gives_it() -> None:
    log: list[Any] = []

    class First:
        @hookimpl(tryfirst=True)
        def outgoing(self) -> None:
            log.append("out first")

    made = registry()
    for extension in (Journal(log, "a"), First(), Journal(log, "b")):
        made.use(extension)
    made.remove("a")
    made.use(Journal(log, "a"))
    log.clear()
    made.hooks.outgoing.call(Message(channel="/x"), CLIENT)
    assert log == ["out first", "out a", "out b"]


def test_hook_of_an_instance_alone_is_called() -> None:
    class Chosen:
        def __init__(self, log: list[str], name: str) -> None:
            @hookimpl
            def outgoing() -> None:
                log.append(name)

            self.outgoing = outgoing

    log: list[str] = []
    for name in ("one", "two"):
        made = registry()
        made.use(Chosen(log, name))
        made.hooks.outgoing.call(Message(channel="/x"), CLIENT)
    assert log == ["one", "two"]


def test_static_and_class_methods_are_called_as_they_are() -> None:
    seen: list[object] = []

    class Counting:
        @staticmethod
        @hookimpl
        def outgoing(message: Message) -> None:
            seen.append(message.channel)

        @classmethod
        @hookimpl
        def incoming(cls, message: Message) -> None:
            seen.append(cls.__name__)

    made = registry()
    made.use(Counting())
    made.hooks.outgoing.call(Message(channel="/x"), CLIENT)
    made.hooks.incoming.call(Message(channel="/x"), CLIENT)
    assert seen == ["/x", "Counting"]


def test_clients_share_what_is_not_implemented() -> None:
    assert registry().hooks.delivered is registry().hooks.delivered


def test_pipeline_made_while_another_thread_compiles_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    log: list[Any] = []
    made = registry()
    make = CompiledHooks._pipeline

    def interrupted(self: CompiledHooks, *args: Any) -> Pipeline[..., Any]:
        pipeline = make(self, *args)
        monkeypatch.undo()
        made.use(Journal(log, "late"))
        return pipeline

    monkeypatch.setattr(CompiledHooks, "_pipeline", interrupted)
    assert made.hooks.outgoing.is_empty
    assert not made.hooks.outgoing.is_empty


def test_exceptions_are_reported_but_for_requests() -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)
    made.use(
        Refusing("outgoing", "incoming", "delivered", "state_changed", "request", "response", "register_transports")
    )
    for hook in ("incoming", "delivered", "response"):
        getattr(made.hooks, hook).call(object(), CLIENT)
    made.hooks.state_changed.call("old", "new", CLIENT)  # type: ignore[arg-type]
    made.hooks.register_transports(Transports())
    assert [error.hook for error in errors] == [
        "incoming",
        "delivered",
        "response",
        "state_changed",
        "register_transports",
    ]
    for hook in ("outgoing", "request"):
        with pytest.raises(ExtensionHookError, match=hook):
            getattr(made.hooks, hook).call(object(), CLIENT)


def test_error_in_failed_goes_to_the_logger_alone(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)
    made.use(Refusing("failed"))
    made.hooks.failed.call(TransportError("lost"), CLIENT)
    assert errors == []
    assert "failed in failed: ValueError" in caplog.text


def test_errors_go_to_the_logger_by_default(caplog: pytest.LogCaptureFixture) -> None:
    made = ExtensionRegistry(CLIENT, discover=False)
    made.use(Refusing("incoming"))
    made.hooks.incoming.call(Message(channel="/x"), CLIENT)
    assert "failed in incoming: ValueError" in caplog.text


class Transports:
    """As much of a registry of transports as the framework knows."""

    def __init__(self) -> None:
        self.extension = ""
        self.found: list[tuple[str, str]] = []

    def attribute_to(self, extension: str) -> None:
        self.extension = extension

    def register(self, name: str) -> None:
        self.found.append((name, self.extension))


def test_transports_are_asked_for_before_the_start() -> None:
    transports = Transports()

    class Carrier:
        @hookimpl
        def register_transports(self, registry: Transports) -> None:
            registry.register("pigeon")

    class Around:
        @hookimpl(wrapper=True)
        def register_transports(self, registry: Transports) -> Generator[None]:
            registry.register("first")
            yield

    registry(Carrier(), Around()).hooks.register_transports(transports)
    registry().hooks.register_transports(transports)
    assert transports.found == [("first", "around"), ("pigeon", "carrier")]


def test_veto_names_the_extension() -> None:
    class Gate:
        @hookimpl
        def outgoing(self) -> Drop:
            return Drop("closed")

    made = registry()
    made.use(Gate())
    assert made.hooks.outgoing.call(Message(channel="/x"), CLIENT) == Veto("closed", "gate")


# -- addresses


class Addresses:
    """Knows the addresses of one scheme, and fails on some of them."""

    @hookimpl
    def resolve_url(self, url: str) -> str | None:
        if url == "acme://wrong":
            raise UsageError("acme://wrong: there is no such tenant")
        if url == "acme://broken":
            raise ValueError(url)
        return "https://acme.example/cometd" if url == "acme://right" else None


def test_an_extension_resolves_the_addresses_of_its_scheme() -> None:
    made = registry(Addresses())
    assert made.hooks.resolve_url("acme://right") == "https://acme.example/cometd"
    assert made.hooks.resolve_url("acme://unknown") == "acme://unknown"
    assert made.hooks.resolve_url("https://host/cometd") == "https://host/cometd"
    with pytest.raises(UsageError, match="there is no such tenant"):
        made.hooks.resolve_url("acme://wrong")
    with pytest.raises(ExtensionHookError, match="failed in resolve_url: ValueError"):
        made.hooks.resolve_url("acme://broken")


# -- the same error again


def test_an_error_in_failed_is_logged_once_and_then_counted(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []
    made = registry(Refusing("failed"), warn=told.append)

    async def scenario() -> None:
        await made.open()
        for _ in range(3):
            made.hooks.failed.call(TransportError("reset"), CLIENT)
        await made.close()

    asyncio.run(scenario())
    text = "extension 'refusing' failed in failed: ValueError: failed"
    assert [each.getMessage() for each in caplog.records] == [text]
    assert told == [f"{text} (3 times in all)"]
