"""`registered` and `unregistered`: in pairs, in time, and what their failures do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.extensions.journals import Journal, Refusing, registry
from pybayeux import hookimpl
from pybayeux.errors import ExtensionError, ExtensionHookError

if TYPE_CHECKING:
    from pybayeux.extensions.registry import ExtensionRegistry


class SlowJournal(Journal):
    """Waits before it writes."""

    @hookimpl
    async def registered(self, name: str, client: object) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().registered(name, client)

    @hookimpl
    async def unregistered(self, name: str, client: object) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().unregistered(name, client)


class SlowRefusing:
    @hookimpl
    async def registered(self) -> None:
        await asyncio.sleep(0)
        raise ValueError("registered")


def has_no_hooks(made: ExtensionRegistry) -> bool:
    return made.hooks.outgoing.is_empty and made.hooks.incoming.is_empty


@pytest.mark.parametrize("kind", [Journal, SlowJournal])
def test_registered_and_unregistered_come_in_pairs(kind: type[Journal]) -> None:
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
    made.use(Journal(mine, "mine"))
    made.use(Journal([], "other"))
    made.remove("other")
    assert mine == ["+mine"]


def test_use_and_remove_before_the_start() -> None:
    log: list[Any] = []
    made = registry()
    made.use(Journal(log, "a"))
    assert log == ["+a"]
    made.remove("a")
    assert log == ["+a", "-a"]
    assert made.names == ()


def test_asynchronous_one_used_before_the_start_is_registered_at_the_start() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.use(SlowJournal(log, "a"))
        assert log == []
        await made.open()

    asyncio.run(scenario())
    assert log == ["+a"]


def test_asynchronous_one_joins_a_running_client() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.open()
        registration = made.use(SlowJournal(log, "a"))
        assert registration.name == "a"
        assert has_no_hooks(made), "until it is ready"
        await registration
        assert not has_no_hooks(made)
        removal = made.remove("a")
        assert has_no_hooks(made)
        await removal

    asyncio.run(scenario())
    assert log == ["+a", "-a"]


def test_a_registration_need_not_be_awaited() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.open()
        made.use(SlowJournal(log, "a"))
        await made.close()

    asyncio.run(scenario())
    assert log == ["+a", "-a"]


def test_one_removed_while_it_registers_is_unregistered() -> None:
    log: list[Any] = []
    made = registry()

    async def scenario() -> None:
        await made.open()
        registration = made.use(SlowJournal(log, "a"))
        await asyncio.sleep(0)
        await made.remove("a")
        await registration

    asyncio.run(scenario())
    assert log == ["+a", "-a"]
    assert made.hooks.outgoing.is_empty


def test_one_removed_while_it_fails_leaves_its_successor() -> None:
    errors: list[ExtensionHookError] = []
    made = registry(errors=errors)

    async def scenario() -> None:
        await made.open()
        registration = made.use(SlowRefusing(), name="a")
        await asyncio.sleep(0)
        made.remove("a")
        made.use(Journal([]), name="a")
        with pytest.raises(ExtensionHookError):
            await registration

    asyncio.run(scenario())
    assert made.names == ("a",)
    assert not has_no_hooks(made)


def test_one_removed_before_the_start_is_not_called() -> None:
    log: list[Any] = []
    made = registry(Journal(log, "a"))
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
    made = registry(Journal(log, "a"), Refusing("registered"), Journal(log, "b"))
    with pytest.raises(ExtensionHookError, match="registered"):
        asyncio.run(made.open())
    assert log == ["+a", "-a"]


def test_failing_unregistered_is_reported() -> None:
    errors: list[ExtensionHookError] = []
    log: list[Any] = []
    made = registry(Journal(log, "a"), Refusing("unregistered"), errors=errors)

    async def scenario() -> None:
        await made.open()
        await made.close()

    asyncio.run(scenario())
    assert [error.hook for error in errors] == ["unregistered"]
    assert log == ["+a", "-a"]


def test_extension_may_use_another_one_in_registered() -> None:
    log: list[Any] = []
    made = registry()

    class Adding:
        @hookimpl
        def registered(self) -> None:
            made.use(Journal(log, "brought"))

    made.use(Adding())
    asyncio.run(made.open())
    assert log == ["+brought"]
    assert made.names == ("adding", "brought")
