"""The compiled hooks of one client: a pipeline for each hook, made anew when the registrations change.

Owns the implementations, which pluggy finds and orders, and what becomes of an exception in a hook, as its rule says.
It does not know why an extension is registered, nor when it is ready: the registry says so.

A client that is idle uses a few of its hooks, and its registrations stay as they are. So a pipeline is made when it is
first asked for, the hooks without an implementation have one for all clients, and pluggy's manager lives only while
extensions are added: together these were a third of such a client's memory.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Final,
    Generic,
    ParamSpec,
    Protocol,
    Self,
    TypeAlias,
    TypeVar,
    overload,
)

from .._util.repeated_errors import RepeatedErrors
from .._util.urls import has_foreign_scheme
from ..errors import ExtensionError, ExtensionHookError, UsageError
from ..hookspecs import HookSpecs
from .blocking import BlockingWatch
from .catalogue import HookManager, core_hooks, signature_of
from .hook_function import Implementations, read_implementations
from .pipeline import Pipeline, empty_pipeline
from .result_policy import Report, Veto, log_error
from .surrounding import checked, preceded
from .tracing import trace_sinks

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Coroutine, Iterable, Sequence

    from ..hook_client import HookCaller, HookClient
    from ..hookspecs import Drop
    from ..message import Message
    from .tracing import Sink

__all__ = ("AttributedRegistry", "CompiledHook", "CompiledHooks")

P = ParamSpec("P")
R = TypeVar("R")


class CompiledHook(Generic[P, R]):
    """The pipeline of a hook as an attribute, with the types of the specification.

    It is made when it is first asked for, and then is the instance's own attribute of the name.
    """

    @overload
    def __init__(
        self: CompiledHook[P, Veto | None],
        specification: Callable[Concatenate[HookSpecs, P], Coroutine[Any, Any, Drop | None]],
    ) -> None: ...
    @overload
    def __init__(self, specification: Callable[Concatenate[HookSpecs, P], R]) -> None: ...
    def __init__(self, specification: Callable[..., Any]) -> None:
        self._hook: Final = specification.__name__

    @overload
    def __get__(self, owner: None, kind: type) -> Self: ...
    @overload
    def __get__(self, owner: CompiledHooks, kind: type) -> Pipeline[P, R]: ...
    def __get__(self, owner: CompiledHooks | None, kind: type) -> Any:
        return self if owner is None else owner.made(self._hook)


class AttributedRegistry(Protocol):
    """A registry that knows to whom what is registered belongs."""

    def attribute_to(self, extension: str) -> None:
        """What is registered from now on belongs to this extension."""


class CompiledHooks:
    """The calls of all hooks of one client.

    The pipelines are attributes with the names of their hooks. `compile` puts new ones in their place; a call under way
    finishes on the old one.

    Args:
        report: Called with an exception in a hook that must not break the connection.
        hook_timeout: Seconds that such a hook may take, if it waits; None: no limit.
        warn: Called with the text of a warning about a hook that blocks the event loop.

    Attributes:
        watch: Times the calls that must not block.
    """

    outgoing: Final = CompiledHook(HookSpecs.outgoing)
    incoming: Final = CompiledHook(HookSpecs.incoming)
    delivered: Final = CompiledHook(HookSpecs.delivered)
    unsubscribed: Final = CompiledHook(HookSpecs.unsubscribed)
    redelivery: Final = CompiledHook(HookSpecs.redelivery)
    extend_timeout: Final = CompiledHook(HookSpecs.extend_timeout)
    channel_error: Final = CompiledHook(HookSpecs.channel_error)
    transaction: Final = CompiledHook(HookSpecs.transaction)
    dead_letter: Final = CompiledHook(HookSpecs.dead_letter)
    interpret_error: Final = CompiledHook(HookSpecs.interpret_error)
    diagnose: Final = CompiledHook(HookSpecs.diagnose)
    state_changed: Final = CompiledHook(HookSpecs.state_changed)
    failed: Final = CompiledHook(HookSpecs.failed)
    request: Final = CompiledHook(HookSpecs.request)
    response: Final = CompiledHook(HookSpecs.response)

    def __init__(self, report: Report, hook_timeout: float | None, warn: Callable[[str], None]) -> None:
        self._report: Final = report
        self._hook_timeout: Final = hook_timeout
        self._warn: Final = warn
        self._repeated: Final = RepeatedErrors()
        self.watch: Final = BlockingWatch(warn)
        self._manager: HookManager | None = None
        self._implementations: Implementations = Implementations()
        self._ready: tuple[str, ...] = ()
        self._compiled: _Compiled = (self._implementations, (), ())
        self._provided: dict[str, Pipeline[..., Any]] = {}

    # -- the implementations

    def add(self, extension: object, name: str) -> None:
        """Take the implementations of an extension; they are called from the next `compile` on.

        Raises:
            ExtensionError: It has them under another name already.
        """
        if self._manager is None:
            self._manager = HookManager()
            for known, each in self._implementations.extensions.items():
                self._manager.register(each, known)
        try:
            self._manager.register(extension, name)
        except ValueError as error:
            raise ExtensionError(
                f"extension {name!r} is registered already under another name", extension=name
            ) from error
        self._implementations = read_implementations(self._manager)

    def drop(self, name: str) -> None:
        """Forget the implementations of an extension, from the next `compile` on."""
        self._manager, self._implementations = None, self._implementations.without(name)

    def set_ready(self, names: Iterable[str]) -> None:
        """These extensions are ready: between `registered` and `unregistered`.

        Hooks of packages are called on them from now on, so that one extension may call another while it is registered;
        the core's own from the next `compile` on.
        """
        self._ready, self._provided = tuple(names), {}

    def compile(self) -> None:
        """Have the pipelines of the core's hooks made anew, for the extensions that are ready now."""
        self._manager = None
        self._compiled = self._implementations, self._ready, trace_sinks()
        for hook in core_hooks():
            self._forget(hook)

    def made(self, hook: str) -> Pipeline[..., Any]:
        """Make the pipeline of one of the core's hooks, and keep it until the next `compile`."""
        compiled = implementations, names, sinks = self._compiled
        pipeline = self._pipeline(hook, implementations, names, sinks)
        setattr(self, hook, pipeline)
        if self._compiled is not compiled:  # by another thread: a health check asks for `channel_error` from any
            self._forget(hook)
        return pipeline

    def _forget(self, hook: str) -> None:
        with suppress(AttributeError):  # it was not made
            delattr(self, hook)

    def _pipeline(
        self,
        hook: str,
        implementations: Implementations,
        names: Container[str] | None = None,
        sinks: Sequence[Sink] | None = None,
    ) -> Pipeline[..., Any]:
        """The pipeline of a hook for the extensions of these names, None: for all, with the errors of its rule."""
        found = implementations.of(hook, names)
        if not found:
            return empty_pipeline(hook)
        signature = signature_of(hook)
        assert signature is not None, hook
        report = {"report": self._report, "log": self._log, "raise": None}[signature.rule.on_error]
        # Where an exception ends the call, the deadline of the exchange limits it.
        timeout = self._hook_timeout if report else None
        return Pipeline(
            hook,
            found,
            implementations.extensions,
            report=report,
            timeout=timeout,
            watch=self.watch,
            sinks=sinks,
        )

    # -- hooks that are not called by their attribute

    def registered(self, name: str) -> Pipeline[[str, HookClient], Any]:
        """The call of `registered`, for one extension."""
        return self._pipeline("registered", self._implementations, {name})

    def unregistered(self, name: str) -> Pipeline[[str, HookClient], Any]:
        """The call of `unregistered`, for one extension."""
        return self._pipeline("unregistered", self._implementations, {name})

    def register_transports(self, registry: AttributedRegistry) -> None:
        """Let all extensions add their transports to `registry`, which gets to know whose they are."""
        hook = "register_transports"
        extensions = self._implementations.extensions
        implementations = [
            preceded(each, extensions, partial(registry.attribute_to, each.extension))
            for each in self._implementations.of(hook)
        ]
        Pipeline[..., Any](hook, implementations, report=self._report).call(registry)

    def outgoing_with(self, check: Callable[[], object]) -> Pipeline[[Message, HookClient], Veto | None]:
        """The pipeline of `outgoing`, in which an implementation fails with what a check raises after it."""
        found, names, _ = self._compiled
        implementations = [checked(each, found.extensions, check) for each in found.of("outgoing", names)]
        return Pipeline("outgoing", implementations, watch=self.watch).timed

    def resolve_url(self, url: str) -> str:
        """The server's address for one in a scheme that an extension knows; another address as it is.

        Raises:
            UsageError: The extension's own: something is wrong with the address.
            ExtensionHookError: The extension failed on it.
        """
        if not has_foreign_scheme(url):
            return url
        try:
            found: str | None = self._pipeline("resolve_url", self._implementations).call(url)
        except ExtensionHookError as error:
            if isinstance(error.__cause__, UsageError):
                raise error.__cause__ from None
            raise
        return found or url

    def provided(self, name: str) -> HookCaller:
        """The call of a hook that an installed package brings.

        Raises:
            UsageError: No installed package brings a hook of this name.
        """
        signature = signature_of(name)
        if name in core_hooks() or signature is None:
            raise UsageError(f"no installed package brings a hook {name!r}")
        if (found := self._provided.get(name)) is None:
            names = None if signature.rule.called_on == "all" else self._ready
            found = self._provided[name] = self._pipeline(name, self._implementations, names)
        return found

    # -- errors that are not reported

    def _log(self, error: ExtensionHookError) -> None:
        """Log an error that is not reported, such as one in `failed`: once, then its count."""
        if (text := self._repeated.text_of(error)) is not None:
            log_error(error, text)

    def tell_repeated(self) -> None:
        """Warn of the errors that were only counted since they were logged."""
        for text in self._repeated.rest():
            self._warn(text)


_Compiled: TypeAlias = "tuple[Implementations, Container[str], Sequence[Sink]]"
"""What the pipelines are made of: the implementations, the extensions that are called, and where calls are traced."""
