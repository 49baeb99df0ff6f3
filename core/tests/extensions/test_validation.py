from __future__ import annotations

import functools
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import hookimpl
from pybayeux.errors import ExtensionError
from pybayeux.extensions.validation import hook_marks, implemented_hooks
from pybayeux.hookspecs import HOOK_API

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Generator


class Fine:
    @hookimpl
    def outgoing(self, message: object, client: object) -> None: ...

    @hookimpl(tryfirst=True)
    async def incoming(self, client: object, message: object) -> None: ...

    @hookimpl(wrapper=True)
    def request(self) -> Generator[None, Any, Any]:
        return (yield)

    @hookimpl(specname="response")
    @staticmethod
    def look(response: object) -> None: ...

    @hookimpl
    @classmethod
    def delivered(cls, message: object) -> None: ...

    @hookimpl(optionalhook=True)
    def of_the_future(self, anything: int = 3) -> None: ...

    def failed(self) -> None:
        """Not marked, so no hook."""


class UnknownHook:
    @hookimpl
    def outgoin(self, message: object) -> None: ...


class UnknownSpecName:
    @hookimpl(specname="zzz")
    def outgoing(self, message: object) -> None: ...


class UnknownArgument:
    @hookimpl
    def outgoing(self, mesage: object) -> None: ...


class KeywordOnly:
    @hookimpl
    def outgoing(self, *, message: object) -> None: ...


class Defaulted:
    @hookimpl
    def outgoing(self, message: object, client: object = None) -> None: ...


class Star:
    @hookimpl
    def outgoing(self, *message: object) -> None: ...


class StarStar:
    @hookimpl
    def outgoing(self, **message: object) -> None: ...


class OldStyle:
    @hookimpl(hookwrapper=True)
    def outgoing(self, message: object) -> Generator[None, Any, None]:
        yield


class FirstAndLast:
    @hookimpl(tryfirst=True, trylast=True)
    def outgoing(self, message: object) -> None: ...


class WrapperWithoutYield:
    @hookimpl(wrapper=True)
    def outgoing(self, message: object) -> None: ...


class YieldWithoutWrapper:
    @hookimpl
    def outgoing(self, message: object) -> Generator[None]:
        yield


class AsyncWrapper:
    @hookimpl(wrapper=True)
    async def outgoing(self, message: object) -> AsyncIterator[None]:
        yield


class AsyncYield:
    @hookimpl
    async def outgoing(self, message: object) -> AsyncIterator[None]:
        yield


class AsyncTransports:
    @hookimpl
    async def register_transports(self, registry: object) -> None: ...


class AsyncCommands:
    @hookimpl
    async def register_commands(self, cli: object) -> None: ...


class Unmarked:
    def outgoing(self, message: object) -> None: ...


WRONG: list[tuple[type, str, str]] = [
    (UnknownHook, "outgoin", "did you mean 'outgoing'?"),
    (UnknownSpecName, "zzz", "expected one of outgoing, incoming,"),
    (UnknownArgument, "outgoing", "unknown argument 'mesage'; the hook has message, client"),
    (KeywordOnly, "outgoing", "the keyword-only argument 'message'"),
    (Defaulted, "outgoing", "the argument 'client' has a default"),
    (Star, "outgoing", "takes *message"),
    (StarStar, "outgoing", "takes **message"),
    (OldStyle, "outgoing", "use wrapper=True"),
    (FirstAndLast, "outgoing", "exclude each other"),
    (WrapperWithoutYield, "outgoing", "does not yield"),
    (YieldWithoutWrapper, "outgoing", "not marked wrapper=True"),
    (AsyncWrapper, "outgoing", "cannot be async def"),
    (AsyncYield, "outgoing", "not marked wrapper=True"),
    (AsyncTransports, "register_transports", "cannot wait"),
    (AsyncCommands, "register_commands", "cannot wait"),
    (Unmarked, "outgoing", "not marked with @hookimpl"),
]


@pytest.mark.parametrize("made", [False, True], ids=["class", "instance"])
def test_fine_extension_has_its_hooks(made: bool) -> None:
    extension = Fine() if made else Fine
    assert implemented_hooks(extension, "fine") == ("delivered", "incoming", "outgoing", "request", "response")


@pytest.mark.parametrize("made", [False, True], ids=["class", "instance"])
@pytest.mark.parametrize(("wrong", "hook", "words"), WRONG, ids=[each[0].__name__ for each in WRONG])
def test_mistake_is_named(wrong: type, hook: str, words: str, made: bool) -> None:
    with pytest.raises(ExtensionError) as caught:
        implemented_hooks(wrong() if made else wrong, "my-ext")
    text = str(caught.value)
    assert words in text
    assert "'my-ext'" in text
    assert f"'{hook}'" in text
    assert (caught.value.extension, caught.value.hook) == ("my-ext", hook)


def test_module_is_an_extension() -> None:
    module = ModuleType("some_extension")

    @hookimpl
    def outgoing(message: object) -> None: ...

    vars(module)["outgoing"] = outgoing
    assert implemented_hooks(module, "some") == ("outgoing",)


def test_decorated_coroutine_function_still_waits() -> None:
    def timed(function: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        @functools.wraps(function)
        def around(*args: object) -> Awaitable[None]:
            return function(*args)

        return around

    class Decorated:
        @hookimpl
        @timed
        async def register_transports(self, registry: object) -> None: ...

    with pytest.raises(ExtensionError, match="cannot wait"):
        implemented_hooks(Decorated(), "decorated")


def test_object_without_hooks_has_none() -> None:
    assert implemented_hooks(object(), "nothing") == ()


def test_nothing_of_the_extension_is_run() -> None:
    class Touchy:
        @property
        def outgoing(self) -> object:
            raise AssertionError("must not be looked at")

        @hookimpl
        def incoming(self, message: object) -> None:
            raise AssertionError("must not be called")

    assert implemented_hooks(Touchy(), "touchy") == ("incoming",)


class SelfLess:
    @hookimpl
    def outgoing(message: object, client: object) -> None: ...


class WithoutAny:
    @hookimpl
    def registered() -> None: ...  # type: ignore[misc]


@pytest.mark.parametrize("made", [False, True], ids=["class", "instance"])
@pytest.mark.parametrize(("wrong", "hook"), [(SelfLess, "outgoing"), (WithoutAny, "registered")])
def test_method_without_self_is_refused(wrong: type, hook: str, made: bool) -> None:
    with pytest.raises(ExtensionError, match=f"'{hook}': a method needs 'self' as its first argument"):
        implemented_hooks(wrong() if made else wrong, "my-ext")


# -- compatibility


@pytest.mark.parametrize(
    ("number", "remedy"), [(2, "update pybayeux"), (0, "update the extension"), ("1", "update the")]
)
def test_an_extension_for_other_hooks_is_refused(number: object, remedy: str) -> None:
    class Other:
        pybayeux_hook_api = number

        @hookimpl
        def outgoing(self) -> None: ...

    with pytest.raises(ExtensionError, match=f"'other' is for HOOK_API {number!r}.*{remedy}"):
        implemented_hooks(Other, "other")


def test_an_extension_for_these_hooks_is_taken() -> None:
    class Same:
        pybayeux_hook_api = HOOK_API

        @hookimpl
        def outgoing(self) -> None: ...

    assert implemented_hooks(Same(), "same") == ("outgoing",)


def test_a_deprecated_argument_is_a_warning_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        @hookimpl
        def outgoing(self, client: object) -> None: ...

    deprecated = {"outgoing": {"client": "take it from registered"}}
    monkeypatch.setattr("pybayeux.extensions.validation.DEPRECATED_ARGUMENTS", deprecated)
    expected = r"extension 'old', hook 'outgoing': the argument 'client' will go away: take it from registered"
    with pytest.warns(DeprecationWarning, match=expected):
        implemented_hooks(Old, "old")


def test_the_marks_of_a_hook_say_its_place_and_its_kind() -> None:
    assert hook_marks(Fine()) == {
        "outgoing": (),
        "incoming": ("tryfirst", "async"),
        "request": ("wrapper",),
        "response": (),
        "delivered": (),
        "of_the_future": (),
    }
