from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.extensions.journals import CLIENT, Journal, Refusing, registry
from pybayeux import AsyncClient, BayeuxClient, Drop, Message, hookimpl
from pybayeux.errors import ExtensionError, ExtensionHookError, ExtensionLoadError, TransportError
from pybayeux.extensions import ExtensionRegistry, Veto

if TYPE_CHECKING:
    from collections.abc import Generator

    from core.tests.extensions.packages import Packages


def send(made: ExtensionRegistry) -> Veto | None:
    return made.outgoing.call(Message(channel="/x"), CLIENT)


# -- order


def test_hooks_run_as_an_onion() -> None:
    log: list[Any] = []
    made = registry(Journal(log, "A"), Journal(log, "B"))

    async def scenario() -> None:
        await made.open()
        log.clear()
        send(made)
        made.incoming.call(Message(channel="/x"), CLIENT)

    asyncio.run(scenario())
    assert log == ["out B", "out A", "in A", "in B"]


def test_installed_ones_come_before_passed_ones(packages: Packages) -> None:
    packages.add("a", {"zeta": "zeta_module"}, zeta_module="@hookimpl\ndef incoming(message): ...")
    made = registry(Journal([], "alpha"), discover=True)
    assert made.names == ("zeta", "alpha")


# -- names


def test_name_registers_once() -> None:
    made = registry(Journal([], "one"))
    with pytest.raises(ExtensionError, match="'one' is registered already"):
        made.use(Journal([], "one"))
    with pytest.raises(ExtensionError, match="'one' is registered already"):
        made.use(Journal([], "two"), name="one")
    assert made.use(Journal([], "one"), name="two").name == "two"
    assert made.names == ("one", "two")


def test_name_passed_twice_is_an_error() -> None:
    with pytest.raises(ExtensionError, match="registered already"):
        registry(Journal([], "one"), Journal([], "one"))


def test_names_that_differ_by_spelling_are_one_name() -> None:
    made = registry(Journal([], "acme-hmac"))
    with pytest.raises(ExtensionError, match="'acme-hmac' is registered already"):
        made.use(Journal([], "one"), name="Acme_HMAC")
    with pytest.raises(ExtensionError, match="no extension 'acme_hmac' is registered; did you mean 'acme-hmac'"):
        made.remove("acme_hmac")


def test_one_used_under_another_name_takes_the_place_of_the_installed_one(packages: Packages) -> None:
    source = "class One:\n @hookimpl\n def incoming(self): ..."
    packages.add("acme", {"one": "one_module:One"}, one_module=source)
    made = registry(discover=True)
    assert made.names == ("one",)
    kind: Any = sys.modules["one_module"].One
    made.use(kind(), name="mine")
    assert list(made.names) == ["mine"]
    made.use(kind(), name="another")
    assert list(made.names) == ["mine", "another"]


def test_object_registers_once() -> None:
    diary = Journal([])
    made = registry(diary)
    with pytest.raises(ExtensionError, match="registered already under another name"):
        made.use(diary, name="other")
    assert made.names == ("journal",)


def test_name_made_of_the_class_is_a_free_one() -> None:
    made = registry(Refusing())
    assert made.use(Refusing()).name == "refusing-2"


def test_wrong_hook_is_refused_before_anything_changes() -> None:
    class Wrong:
        @hookimpl
        def outgoing(self, mesage: object) -> None: ...

    made = registry()
    with pytest.raises(ExtensionError, match="'mesage'"):
        made.use(Wrong())
    assert made.names == ()
    with pytest.raises(ExtensionError, match="'mesage'"):
        registry(Wrong())


def test_object_without_hooks_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    registry(object())
    assert "extension 'object' implements no hook" in caplog.text


# -- installed extensions


def test_installed_one_that_cannot_be_registered_is_a_warning(
    packages: Packages, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "class Twin:\n @hookimpl\n def incoming(self): ...\ntwin = Twin()"
    packages.add("twins", {"castor": "twin_module:twin", "pollux": "twin_module:twin"}, twin_module=source)
    assert registry(discover=True).names == ("castor",)
    assert "'pollux' is registered already under another name" in caplog.text
    monkeypatch.setenv("PYBAYEUX_STRICT", "1")
    with pytest.raises(ExtensionError, match="pollux"):
        registry(discover=True)


def test_installed_one_that_fails_in_registered_is_left_out(
    packages: Packages, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "@hookimpl\ndef registered(): 1 / 0\n@hookimpl\ndef outgoing(): raise AssertionError"
    packages.add("failing", {"failing": "failing_module"}, failing_module=source)
    made = registry(discover=True)
    asyncio.run(made.open())
    assert send(made) is None
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert "extension 'failing' failed in registered" in record.getMessage()
    monkeypatch.setenv("PYBAYEUX_STRICT", "1")
    with pytest.raises(ExtensionHookError):
        asyncio.run(registry(discover=True).open())


def test_broken_one_does_not_take_the_client_down(packages: Packages, monkeypatch: pytest.MonkeyPatch) -> None:
    packages.add("broken", {"broken": "nowhere_to_be_found"})
    assert registry(discover=True).names == ()
    monkeypatch.setenv("PYBAYEUX_STRICT", "1")
    with pytest.raises(ExtensionLoadError):
        registry(discover=True)


# -- calls


def test_change_puts_a_new_pipeline_in_place_and_leaves_the_old_one() -> None:
    log: list[Any] = []
    made = registry()
    made.use(Journal(log, "a"))
    before = made.outgoing
    made.use(Journal(log, "b"))
    log.clear()
    before.call(Message(channel="/x"), CLIENT)
    assert log == ["out a"]


def test_exceptions_are_reported_but_for_requests() -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)
    made.use(
        Refusing("outgoing", "incoming", "delivered", "state_changed", "request", "response", "register_transports")
    )
    for hook in ("incoming", "delivered", "response"):
        getattr(made, hook).call(object(), CLIENT)
    made.state_changed.call("old", "new", CLIENT)  # type: ignore[arg-type]
    made.register_transports(Transports())
    assert [error.hook for error in errors] == [
        "incoming",
        "delivered",
        "response",
        "state_changed",
        "register_transports",
    ]
    for hook in ("outgoing", "request"):
        with pytest.raises(ExtensionHookError, match=hook):
            getattr(made, hook).call(object(), CLIENT)


def test_error_in_failed_goes_to_the_logger_alone(caplog: pytest.LogCaptureFixture) -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)
    made.use(Refusing("failed"))
    made.failed.call(TransportError("lost"), CLIENT)
    assert errors == []
    assert "failed in failed: ValueError" in caplog.text


def test_errors_go_to_the_logger_by_default(caplog: pytest.LogCaptureFixture) -> None:
    made = ExtensionRegistry(CLIENT, discover=False)
    made.use(Refusing("incoming"))
    made.incoming.call(Message(channel="/x"), CLIENT)
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

    registry(Carrier(), Around()).register_transports(transports)
    registry().register_transports(transports)
    assert transports.found == [("first", "around"), ("pigeon", "carrier")]


def test_transport_of_an_installed_one_that_needs_an_option_breaks_no_client(
    packages: Packages, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
        class Unix:
            def __init__(self, context, path: str) -> None: ...

        @hookimpl
        def register_transports(registry):
            registry.register("unix", Unix)
    """
    packages.add("acme", {"acme-socket": "acme_socket"}, acme_socket=source)
    AsyncClient("http://localhost/")
    assert "extension 'acme-socket': its transport 'unix' is left out" in caplog.text
    BayeuxClient("http://localhost/")
    AsyncClient("http://localhost/", transport_options={"unix": {"path": "/tmp/x"}}, transports=["unix"])


def test_veto_names_the_extension() -> None:
    class Gate:
        @hookimpl
        def outgoing(self) -> Drop:
            return Drop("closed")

    made = registry()
    made.use(Gate())
    assert send(made) == Veto("closed", "gate")
