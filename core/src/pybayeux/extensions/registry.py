"""The extensions of one client: who is registered, in which order, and the compiled calls of their hooks.

Owns the names and the pairs of `registered` and `unregistered`. Pluggy keeps the implementations, and what a call does
with a result is the pipeline's part. It does not know what a message is.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from .._util.urls import has_foreign_scheme
from ..errors import ExtensionError, ExtensionHookError, UsageError
from ..hook_client import Registration
from ..hookspecs import HookSpecs
from .blocking import BlockingWatch
from .catalogue import HookManager, core_hooks, signature_of
from .names import canonical, did_you_mean
from .pipeline import CompiledHook, Pipeline
from .result_policy import Report, Veto, log_error
from .selection import Chosen, Selection, warn_or_raise
from .status import ExtensionStatus, active_status, status_of
from .surrounding import checked, preceded, timed
from .validation import implemented_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Generator, Iterable

    import pluggy

    from ..hook_client import HookCaller, HookClient
    from ..message import Message
    from .candidates import GivenOptions
    from .discovery import Installed

__all__ = ("ExtensionRegistry",)

_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(slots=True, eq=False)
class _Member:
    """A registered extension.

    Attributes:
        name: Its name.
        installed: Where it was discovered, or None where the program passed it.
        on_registered: The call of its `registered`.
        on_unregistered: The call of its `unregistered`.
        is_ready: True between the two: its other hooks are called.
    """

    name: str
    installed: Installed | None
    on_registered: Pipeline[[str, HookClient], Any]
    on_unregistered: Pipeline[[str, HookClient], Any]
    is_ready: bool = False

    @property
    def waits(self) -> bool:
        """True where one of the two needs a running loop."""
        return self.on_registered.is_async or self.on_unregistered.is_async


class AttributedRegistry(Protocol):
    """A registry that knows to whom what is registered belongs."""

    def attribute_to(self, extension: str) -> None:
        """What is registered from now on belongs to this extension."""


class _Registration(Registration):
    """A `Registration` with the task that calls the hook, where there is one."""

    __slots__ = ("_name", "_task")

    def __init__(self, name: str, task: asyncio.Task[ExtensionHookError | None] | None = None) -> None:
        self._name: Final = name
        self._task: Final = task

    @property
    def name(self) -> str:
        return self._name

    def __await__(self) -> Generator[Any, None, None]:
        if self._task is None:
            return
        error = yield from asyncio.shield(self._task).__await__()
        if error is not None:
            raise error


class ExtensionRegistry:
    """The extensions of one client.

    The pipelines are attributes with the names of their hooks. Each change of the registrations puts new ones in their
    place; a call under way finishes on the old one. What becomes of an exception is in the rule of each hook.
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
    state_changed: Final = CompiledHook(HookSpecs.state_changed)
    failed: Final = CompiledHook(HookSpecs.failed)
    request: Final = CompiledHook(HookSpecs.request)
    response: Final = CompiledHook(HookSpecs.response)

    def __init__(
        self,
        client: HookClient,
        *,
        extensions: Iterable[object] = (),
        options: GivenOptions | None = None,
        discover: bool | Collection[str] = True,
        disabled: Collection[str] = (),
        order: Collection[str] = (),
        on_error: Report = log_error,
        hook_timeout: float | None = None,
        warn: Callable[[str], None] = _logger.warning,
    ) -> None:
        """Register the installed extensions in the order of their names, then those passed, as given.

        Calls no hook yet: `open` does.

        Args:
            client: The argument `client` of the hooks.
            extensions: Instances, modules or classes. One takes the place of an installed one with its name.
            options: Options of installed extensions and of passed classes, by the name of the extension.
            discover: Names of the only installed extensions to use; True: all. False: they are not looked for.
            disabled: Names of installed extensions to leave out, or ``all``.
            order: Names of extensions that are registered first, as named.
            on_error: Called with an exception in a hook that must not break the connection.
            hook_timeout: Seconds that such a hook may take, if it waits; None: no limit.
            warn: Called with the text of a warning about a hook that blocks the event loop.

        Raises:
            ExtensionError: A passed extension is wrong, or its name is taken.
            ExtensionOptionError: An option is unknown, missing or of the wrong type.
            ExtensionLoadError: An installed extension is broken, and PYBAYEUX_STRICT is set.
        """
        self._client: Final[HookClient] = client
        self._report: Final = on_error
        self._hook_timeout: Final = hook_timeout
        self.watch: Final = BlockingWatch(warn)
        self._members: Final[dict[str, _Member]] = {}
        self._tasks: Final[set[asyncio.Task[ExtensionHookError | None]]] = set()
        self._is_open = False
        self._selection: Final = Selection(options or {}, discover=discover, disabled=disabled, order=order)
        for chosen in self._selection.initial(tuple(extensions)):
            self._add_initial(chosen)
        self._compile()

    @cached_property
    def _manager(self) -> HookManager:
        """Made with the first extension: a client without extensions does not need it."""
        return HookManager()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the registered extensions, in the order of their registration."""
        return tuple(self._members)

    @property
    def is_open(self) -> bool:
        """Whether `open` was called, and not `close` after it."""
        return self._is_open

    @property
    def statuses(self) -> tuple[ExtensionStatus, ...]:
        """The registered extensions in the order of their registration, then the installed ones that are left out."""
        left_out = self._selection.left_out
        members = [each for each in self._members.values() if each.installed is None or each.name not in left_out]
        active = [active_status(each.name, each.installed, order) for order, each in enumerate(members, 1)]
        return (*active, *map(status_of, left_out.values()))

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension and call its `registered`.

        Args:
            extension: An instance, a module or a class.
            name: Its name. None: its own, else one made of that of its class. Under another name it takes the place of
                the installed extension of its class.

        Raises:
            ExtensionError: The name is taken, or a hook is wrong.
            ExtensionHookError: `registered` failed; the extension is not registered.
        """
        chosen = self._selection.passed(extension, name, self._members)
        replaced = self._members.get(chosen.replaces or "")
        if replaced is not None and replaced.installed is not None and replaced.name != chosen.name:
            self.remove(replaced.name)
        member = self._add(chosen)
        if member.waits:
            return _Registration(member.name, self._spawn(self._join(member)) if self._is_open else None)
        try:
            member.on_registered.call(member.name, self._client)
        except ExtensionHookError:
            self._forget(member)
            raise
        member.is_ready = True
        self._compile()
        return _Registration(member.name)

    def remove(self, name: str) -> Registration:
        """Take an extension out and call its `unregistered`.

        Raises:
            ExtensionError: No extension of this name is registered.
        """
        member = self._members.get(name)
        if member is None:
            hint = did_you_mean(name, self._members)
            raise ExtensionError(f"no extension {name!r} is registered; {hint}", extension=name)
        self._forget(member)
        if not member.is_ready:
            return _Registration(name)
        member.is_ready = False
        if member.waits:
            return _Registration(name, self._spawn(self._unregister(member)))
        member.on_unregistered.call(name, self._client)
        return _Registration(name)

    def register_transports(self, registry: AttributedRegistry) -> None:
        """Let all extensions add their transports to `registry`, which gets to know whose they are."""
        hook = "register_transports"
        implementations = [
            preceded(each, partial(registry.attribute_to, each.plugin_name)) for each in self._implementations(hook)
        ]
        Pipeline[..., Any](hook, implementations, report=self._report).call(registry)

    def outgoing_with(self, check: Callable[[], object]) -> Pipeline[[Message, HookClient], Veto | None]:
        """The pipeline of `outgoing`, in which an implementation fails with what a check raises after it."""
        implementations = [checked(each, check) for each in self._implementations("outgoing")]
        return Pipeline("outgoing", [timed(each, "outgoing", self.watch) for each in implementations])

    def resolve_url(self, url: str) -> str:
        """The server's address for one in a scheme that an extension knows; another address as it is.

        Raises:
            UsageError: The extension's own: something is wrong with the address.
            ExtensionHookError: The extension failed on it.
        """
        if not has_foreign_scheme(url):
            return url
        try:
            found: str | None = self._pipeline("resolve_url").call(url)
        except ExtensionHookError as error:
            if isinstance(error.__cause__, UsageError):
                raise error.__cause__ from None
            raise
        return found or url

    def hook(self, name: str) -> HookCaller:
        """The call of a hook that an installed package brings.

        Raises:
            UsageError: No installed package brings a hook of this name.
        """
        if name in core_hooks() or signature_of(name) is None:
            raise UsageError(f"no installed package brings a hook {name!r}")
        if (found := self._provided.get(name)) is None:
            found = self._provided[name] = self._pipeline(name)
        return found

    def forget_tasks(self) -> None:
        """What is under way never ends: its event loop is gone."""
        self._tasks.clear()

    async def open(self) -> None:
        """Call `registered` of those that are not ready yet, in their order.

        Raises:
            ExtensionHookError: That of a passed extension failed. `unregistered` of the others was called.
        """
        if self._is_open:
            return
        self._is_open = True
        try:
            for member in [each for each in self._members.values() if not each.is_ready]:
                await self._register_initial(member)
        except BaseException:
            await self.close()
            raise
        self._compile()

    async def close(self) -> None:
        """Call `unregistered` of all, the last one first. They stay registered for another `open`."""
        self._is_open = False
        # A hook that ends the client is one of them, and cannot be waited for.
        await asyncio.gather(*(self._tasks - {asyncio.current_task()}), return_exceptions=True)
        for member in reversed(tuple(self._members.values())):
            if member.is_ready:
                member.is_ready = False
                self._compile()
                await self._unregister(member)

    # -- who takes part

    def _add_initial(self, chosen: Chosen) -> None:
        try:
            self._add(chosen)
        except ExtensionError as error:
            if chosen.installed is None:
                raise
            self._selection.not_used(chosen.name, error)
            warn_or_raise(error, chosen.installed)

    def _add(self, chosen: Chosen) -> _Member:
        name = chosen.name
        if (taken := next((each for each in self._members if canonical(each) == canonical(name)), None)) is not None:
            raise ExtensionError(f"an extension {taken!r} is registered already", extension=name)
        # Installed ones were checked when they were loaded.
        if chosen.installed is None and not implemented_hooks(chosen.extension, name):
            _logger.warning("extension %r implements no hook", name)
        try:
            self._manager.register(chosen.extension, name)
        except ValueError as error:
            raise ExtensionError(
                f"extension {name!r} is registered already under another name", extension=name
            ) from error
        on_registered = self._pipeline("registered", only=name)
        on_unregistered = self._pipeline("unregistered", only=name)
        member = self._members[name] = _Member(name, chosen.installed, on_registered, on_unregistered)
        return member

    def _forget(self, member: _Member) -> None:
        if self._members.get(member.name) is member:
            del self._members[member.name]
            self._manager.unregister(name=member.name)
            self._compile()

    # -- the pairs of `registered` and `unregistered`

    async def _register_initial(self, member: _Member) -> None:
        try:
            await self._register(member)
        except ExtensionHookError as error:
            if member.installed is None:
                raise
            self._selection.not_used(member.name, error)
            warn_or_raise(error, member.installed)

    async def _join(self, member: _Member) -> ExtensionHookError | None:
        """Call `registered` of a member of an open registry."""
        try:
            await self._register(member)
        except ExtensionHookError as error:
            self._forget(member)
            self._report(error)
            return error
        self._compile()
        return None

    async def _register(self, member: _Member) -> None:
        await member.on_registered.acall(member.name, self._client)
        member.is_ready = self._members.get(member.name) is member
        if not member.is_ready:  # removed meanwhile
            await self._unregister(member)

    async def _unregister(self, member: _Member) -> None:
        await member.on_unregistered.acall(member.name, self._client)

    def _spawn(self, work: Coroutine[Any, Any, ExtensionHookError | None]) -> asyncio.Task[ExtensionHookError | None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- the calls

    def _compile(self) -> None:
        self._provided: dict[str, Pipeline[..., Any]] = {}
        for hook, signature in core_hooks().items():
            if signature.rule.called_on == "ready":
                vars(self)[hook] = self._pipeline(hook)

    def _pipeline(self, hook: str, *, only: str | None = None) -> Pipeline[..., Any]:
        """The pipeline of a hook for the extensions that its rule says, or for one of them."""
        signature = signature_of(hook)
        assert signature is not None, hook
        report = {"report": self._report, "log": log_error, "raise": None}[signature.rule.on_error]
        # Where an exception ends the call, the deadline of the exchange limits it.
        timeout = self._hook_timeout if report else None
        implementations = self._implementations(hook, only=only)
        pipeline = Pipeline[..., Any](hook, implementations, report=report, timeout=timeout)
        if implementations:
            watched = [timed(each, hook, self.watch) for each in implementations]
            pipeline.timed = Pipeline(hook, watched, report=report, timeout=timeout)
        return pipeline

    def _implementations(self, hook: str, *, only: str | None = None) -> list[pluggy.HookImpl]:
        signature = signature_of(hook)
        to_all = signature is not None and signature.rule.called_on == "all"
        names = {only} if only else {name for name, member in self._members.items() if member.is_ready or to_all}
        # Pluggy knows a hook of another package from its first implementation on.
        caller = getattr(self._manager.hook, hook, None) if names else None
        return [each for each in caller.get_hookimpls() if each.plugin_name in names] if caller else []
