from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Drop, Message, hookimpl
from pybayeux.errors import ExtensionError, ExtensionHookError, ExtensionLoadError, TransportError
from pybayeux.extensions import ExtensionRegistry, Veto

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

CLIENT: Any = object()


class Diary:
    """Writes down what is said to it."""

    def __init__(self, log: list[Any], name: str = "diary") -> None:
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


class SlowDiary(Diary):
    """Waits before it writes."""

    @hookimpl
    async def registered(self, name: str, client: object) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().registered(name, client)

    @hookimpl
    async def unregistered(self, name: str, client: object) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().unregistered(name, client)


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


class SlowRefusing:
    @hookimpl
    async def registered(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("registered")


def registry(*extensions: object, errors: list[ExtensionHookError] | None = None, **more: Any) -> ExtensionRegistry:
    report = (errors if errors is not None else []).append
    return ExtensionRegistry(CLIENT, extensions=extensions, on_error=report, **{"discover": False, **more})


def send(made: ExtensionRegistry) -> Veto | None:
    return made.outgoing.call(Message(channel="/x"), CLIENT)


def is_deaf(made: ExtensionRegistry) -> bool:
    return made.outgoing.is_empty and made.incoming.is_empty


# -- order


def test_hooks_run_as_an_onion() -> None:
    log: list[Any] = []
    made = registry(Diary(log, "A"), Diary(log, "B"))

    async def scenario() -> None:
        await made.open()
        log.clear()
        send(made)
        made.incoming.call(Message(channel="/x"), CLIENT)

    asyncio.run(scenario())
    assert log == ["out B", "out A", "in A", "in B"]


def test_installed_ones_come_before_passed_ones(packages: Packages) -> None:
    packages.add("a", {"zeta": "zeta_module"}, zeta_module="@hookimpl\ndef incoming(message): ...")
    made = registry(Diary([], "alpha"), discover=True)
    assert made.names == ("zeta", "alpha")


# -- names


def test_name_registers_once() -> None:
    made = registry(Diary([], "one"))
    with pytest.raises(ExtensionError, match="'one' is registered already"):
        made.use(Diary([], "one"))
    with pytest.raises(ExtensionError, match="'one' is registered already"):
        made.use(Diary([], "two"), name="one")
    assert made.use(Diary([], "one"), name="two").name == "two"
    assert made.names == ("one", "two")


def test_name_passed_twice_is_an_error() -> None:
    with pytest.raises(ExtensionError, match="registered already"):
        registry(Diary([], "one"), Diary([], "one"))


def test_object_registers_once() -> None:
    diary = Diary([])
    made = registry(diary)
    with pytest.raises(ExtensionError, match="registered already under another name"):
        made.use(diary, name="other")
    assert made.names == ("diary",)


def test_made_up_name_finds_a_free_one() -> None:
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


# -- pairs


@pytest.mark.parametrize("kind", [Diary, SlowDiary])
def test_registered_and_unregistered_come_in_pairs(kind: type[Diary]) -> None:
    log: list[Any] = []
    made = registry(kind(log, "a"), kind(log, "b"))

    async def scenario() -> None:
        assert log == [], "the client is not whole before it starts"
        await made.open()
        await made.open()
        assert log == ["+a", "+b"]
        await made.close()
        assert log == ["+a", "+b", "-b", "-a"]
        await made.close()
        await made.open()
        await made.close()

    asyncio.run(scenario())
    assert log == ["+a", "+b", "-b", "-a"] * 2


def test_pair_goes_to_the_extension_concerned_alone() -> None:
    mine: list[Any] = []
    made = registry()
    made.use(Diary(mine, "mine"))
    made.use(Diary([], "other"))
    made.remove("other")
    assert mine == ["+mine"]


def test_use_and_remove_before_the_start() -> None:
    log: list[Any] = []
    made = registry()
    made.use(Diary(log, "a"))
    assert log == ["+a"]
    made.remove("a")
    assert log == ["+a", "-a"]
    assert made.names == ()


def test_asynchronous_one_used_before_the_start_is_told_at_the_start() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.use(SlowDiary(log, "a"))
        assert log == []
        await made.open()

    asyncio.run(scenario())
    assert log == ["+a"]


def test_asynchronous_one_joins_a_running_client() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.open()
        registration = made.use(SlowDiary(log, "a"))
        assert registration.name == "a"
        assert is_deaf(made), "until it is ready"
        await registration
        assert not is_deaf(made)
        removal = made.remove("a")
        assert is_deaf(made)
        await removal

    asyncio.run(scenario())
    assert log == ["+a", "-a"]


def test_nobody_has_to_await_a_registration() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.open()
        made.use(SlowDiary(log, "a"))
        await made.close()

    asyncio.run(scenario())
    assert log == ["+a", "-a"]


def test_one_removed_while_it_is_being_told_is_told_the_end() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.open()
        registration = made.use(SlowDiary(log, "a"))
        await asyncio.sleep(0)
        await made.remove("a")
        await registration

    asyncio.run(scenario())
    assert log == ["+a", "-a"]
    assert made.outgoing.is_empty


def test_one_removed_while_it_fails_leaves_its_successor() -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)

    async def scenario() -> None:
        await made.open()
        registration = made.use(SlowRefusing(), name="a")
        await asyncio.sleep(0)
        made.remove("a")
        made.use(Diary([]), name="a")
        with pytest.raises(ExtensionHookError):
            await registration

    asyncio.run(scenario())
    assert made.names == ("a",)
    assert not is_deaf(made)


def test_one_removed_before_the_start_is_told_nothing() -> None:
    log: list[Any] = []
    made = registry(Diary(log, "a"))
    made.remove("a")
    asyncio.run(made.open())
    assert log == []


def test_unknown_name_cannot_be_removed() -> None:
    with pytest.raises(ExtensionError, match="no extension 'a' is registered"):
        registry().remove("a")


def test_failing_registered_refuses_the_registration() -> None:
    made = registry()
    with pytest.raises(ExtensionHookError) as caught:
        made.use(Refusing("registered", "unregistered"), name="a")
    assert (caught.value.extension, caught.value.hook) == ("a", "registered")
    assert made.names == ()


def test_failing_asynchronous_registered_is_reported_and_raised() -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)

    async def scenario() -> None:
        await made.open()
        with pytest.raises(ExtensionHookError, match="registered"):
            await made.use(SlowRefusing(), name="a")
        made.use(SlowRefusing(), name="b")
        await made.close()

    asyncio.run(scenario())
    assert [error.extension for error in errors] == ["a", "b"]
    assert made.names == ()


def test_failing_registered_at_the_start_undoes_the_start() -> None:
    log: list[Any] = []
    made = registry(Diary(log, "a"), Refusing("registered"), Diary(log, "b"))
    with pytest.raises(ExtensionHookError, match="registered"):
        asyncio.run(made.open())
    assert log == ["+a", "-a"]


def test_failing_unregistered_is_reported() -> None:
    errors: list[ExtensionHookError] = []
    log: list[Any] = []
    made = registry(Diary(log, "a"), Refusing("unregistered"), errors=errors)

    async def scenario() -> None:
        await made.open()
        await made.close()

    asyncio.run(scenario())
    assert [error.hook for error in errors] == ["unregistered"]
    assert log == ["+a", "-a"]


def test_extension_may_use_another_one_when_it_is_told() -> None:
    log: list[Any] = []
    made = registry()

    class Bringer:
        @hookimpl
        def registered(self) -> None:
            made.use(Diary(log, "brought"))

    made.use(Bringer())
    asyncio.run(made.open())
    assert log == ["+brought"]
    assert made.names == ("bringer", "brought")


# -- calls


def test_change_puts_a_new_pipeline_in_place_and_leaves_the_old_one() -> None:
    log: list[Any] = []
    made = registry()
    made.use(Diary(log, "a"))
    before = made.outgoing
    made.use(Diary(log, "b"))
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
    made.register_transports(object())  # type: ignore[arg-type]
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


def test_transports_are_asked_for_before_the_start() -> None:
    transports: list[str] = []

    class Carrier:
        @hookimpl
        def register_transports(self, registry: list[str]) -> None:
            registry.append("pigeon")

    registry(Carrier()).register_transports(transports)  # type: ignore[arg-type]
    registry().register_transports(transports)  # type: ignore[arg-type]
    assert transports == ["pigeon"]


def test_veto_names_the_extension() -> None:
    class Gate:
        @hookimpl
        def outgoing(self) -> Drop:
            return Drop("closed")

    made = registry()
    made.use(Gate())
    assert send(made) == Veto("closed", "gate")
