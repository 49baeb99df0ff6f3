"""The extensions of one client: who is registered, in which order, and from when until when.

Owns the names and the pairs of `registered` and `unregistered`. The calls of the hooks are in `compiled_hooks`, which
is told of each change here.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import ExtensionError, ExtensionHookError
from ..hook_client import Registration
from .compiled_hooks import CompiledHooks
from .names import canonical, did_you_mean
from .result_policy import Report, log_error
from .selection import Chosen, Selection, warn_or_raise
from .status import ExtensionStatus, active_status, status_of
from .validation import implemented_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Generator, Iterable

    from ..hook_client import HookClient
    from .candidates import GivenOptions
    from .discovery import Installed
    from .pipeline import Pipeline

__all__ = ("ExtensionRegistry",)

_logger: Final = logging.getLogger("pybayeux.extensions")


@dataclass(slots=True, eq=False)
class _Member:
    """A registered extension.

    Attributes:
        name: Its name.
        installed: Where it was discovered, or None where the program passed it.
        is_ready: True between the two: its other hooks are called.
    """

    name: str
    installed: Installed | None
    is_ready: bool = False


class _Pair(NamedTuple):
    """The calls of `registered` and `unregistered` of one extension, made before it is forgotten."""

    registered: Pipeline[[str, HookClient], Any]
    unregistered: Pipeline[[str, HookClient], Any]

    @property
    def waits(self) -> bool:
        """True where one of the two needs a running loop."""
        return self.registered.is_async or self.unregistered.is_async


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

    Each change of the registrations compiles the hooks anew.

    Attributes:
        hooks: The calls of the hooks.
    """

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
        self.hooks: Final = CompiledHooks(on_error, hook_timeout, warn)
        self._members: Final[dict[str, _Member]] = {}
        self._tasks: Final[list[asyncio.Task[ExtensionHookError | None]]] = []
        self._is_open = False
        self._selection: Final = Selection(options or {}, discover=discover, disabled=disabled, order=order)
        for chosen in self._selection.initial(tuple(extensions)):
            self._add_initial(chosen)
        self._compile()

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
        pair = self._pair_of(member)
        if pair.waits:
            return _Registration(member.name, self._spawn(self._join(member, pair)) if self._is_open else None)
        try:
            pair.registered.call(member.name, self._client)
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
        pair = self._pair_of(member)
        self._forget(member)
        if not member.is_ready:
            return _Registration(name)
        member.is_ready = False
        if pair.waits:
            return _Registration(name, self._spawn(self._unregister(member, pair)))
        pair.unregistered.call(name, self._client)
        return _Registration(name)

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
        others = [task for task in self._tasks if task is not asyncio.current_task()]
        await asyncio.gather(*others, return_exceptions=True)
        for member in reversed(tuple(self._members.values())):
            if member.is_ready:
                member.is_ready = False
                self._compile()
                await self._unregister(member, self._pair_of(member))
        self.hooks.tell_repeated()

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
        self.hooks.add(chosen.extension, name)
        member = self._members[name] = _Member(name, chosen.installed)
        return member

    def _forget(self, member: _Member) -> None:
        if self._members.get(member.name) is member:
            del self._members[member.name]
            self.hooks.drop(member.name)
            self._compile()

    def _compile(self) -> None:
        self._set_ready()
        self.hooks.compile()

    def _set_ready(self) -> None:
        self.hooks.set_ready(each.name for each in self._members.values() if each.is_ready)

    # -- the pairs of `registered` and `unregistered`

    async def _register_initial(self, member: _Member) -> None:
        try:
            await self._register(member, self._pair_of(member))
        except ExtensionHookError as error:
            if member.installed is None:
                raise
            self._selection.not_used(member.name, error)
            warn_or_raise(error, member.installed)

    def _pair_of(self, member: _Member) -> _Pair:
        return _Pair(self.hooks.registered(member.name), self.hooks.unregistered(member.name))

    async def _join(self, member: _Member, pair: _Pair) -> ExtensionHookError | None:
        """Call `registered` of a member of an open registry."""
        try:
            await self._register(member, pair)
        except ExtensionHookError as error:
            self._forget(member)
            self._report(error)
            return error
        self._compile()
        return None

    async def _register(self, member: _Member, pair: _Pair) -> None:
        await pair.registered.acall(member.name, self._client)
        member.is_ready = self._members.get(member.name) is member
        if not member.is_ready:  # removed meanwhile
            await self._unregister(member, pair)
            return
        self._set_ready()

    async def _unregister(self, member: _Member, pair: _Pair) -> None:
        await pair.unregistered.acall(member.name, self._client)

    def _spawn(self, work: Coroutine[Any, Any, ExtensionHookError | None]) -> asyncio.Task[ExtensionHookError | None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.append(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[ExtensionHookError | None]) -> None:
        self._tasks[:] = [each for each in self._tasks if each is not task]
