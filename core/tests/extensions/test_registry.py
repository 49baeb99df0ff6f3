from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.extensions.journals import CLIENT, Journal, Refusing, registry
from pybayeux import AsyncClient, BayeuxClient, Message, hookimpl
from pybayeux.errors import ExtensionError, ExtensionHookError, ExtensionLoadError

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages
    from pybayeux.extensions.registry import ExtensionRegistry
    from pybayeux.extensions.result_policy import Veto


def send(made: ExtensionRegistry) -> Veto | None:
    return made.hooks.outgoing.call(Message(channel="/x"), CLIENT)


# -- order


def test_hooks_run_as_an_onion() -> None:
    log: list[Any] = []
    made = registry(Journal(log, "A"), Journal(log, "B"))

    async def scenario() -> None:
        await made.open()
        log.clear()
        send(made)
        made.hooks.incoming.call(Message(channel="/x"), CLIENT)

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


# -- in a client, and at its end


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


def test_what_is_under_way_on_a_loop_that_is_gone_is_not_waited_for() -> None:
    class Slow:
        @hookimpl
        async def registered(self) -> None:
            await asyncio.Event().wait()

    made = registry()

    async def scenario() -> None:
        await made.open()
        made.use(Slow())
        await asyncio.sleep(0)

    asyncio.run(scenario())
    made.forget_tasks()
    asyncio.run(made.close())
    assert not made.is_open
