"""The extensions of one client: who is registered, in which order, and the compiled calls of their hooks.

Owns the names and the pairs of `registered` and `unregistered`. Pluggy keeps the implementations; what a call does with
a result is the pipeline's matter, and what a message is nobody knows here.
"""

from __future__ import annotations

import asyncio
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from .._util.urls import has_foreign_scheme
from ..errors import ExtensionError, ExtensionHookError, UsageError
from ..hookspecs import HOOK_ARGUMENTS
from .catalogue import shape_of
from .manager import HookManager
from .pipeline import HookCaller, Pipeline
from .registration import Member, Registration
from .selection import Chosen, Selection, complain
from .validation import implemented_hooks
from .verdict import Report, log_error

if TYPE_CHECKING:
    from collections.abc import Collection, Coroutine, Iterable
    from contextlib import AbstractAsyncContextManager

    from ..client import AsyncClient
    from ..errors import BayeuxError
    from ..message import Message
    from ..state import ConnectionState
    from ..transports.base import TransportRequest, TransportResponse
    from ..transports.registry import TransportRegistry
    from .candidates import GivenOptions

__all__ = ("ExtensionRegistry",)

_logger: Final = logging.getLogger("pybayeux.extensions")


class ExtensionRegistry:
    """The extensions of one client.

    The pipelines are attributes with the names of their hooks. Each change of the registrations puts new ones in their
    place; a call under way finishes on the old one.

    Attributes:
        outgoing: An exception ends the call and is raised as ExtensionHookError.
        incoming: An exception is reported and the call goes on, as in the others but `request`.
        delivered: As `incoming`.
        unsubscribed: As `incoming`.
        redelivers: As `incoming`.
        late: As `incoming`.
        rewind: As `incoming`.
        transaction: As `incoming`.
        explain: As `incoming`.
        state_changed: As `incoming`.
        failed: An exception goes to the logger alone.
        request: As `outgoing`.
        response: As `incoming`.
    """

    outgoing: Pipeline[[Message, AsyncClient]]
    incoming: Pipeline[[Message, AsyncClient]]
    delivered: Pipeline[[Message, AsyncClient]]
    unsubscribed: Pipeline[[str, AsyncClient]]
    redelivers: Pipeline[[AsyncClient]]
    late: Pipeline[[Message, AsyncClient]]
    rewind: Pipeline[[AsyncClient]]
    transaction: Pipeline[[Message, AsyncClient]]
    explain: Pipeline[[BayeuxError, AsyncClient]]
    state_changed: Pipeline[[ConnectionState, ConnectionState, AsyncClient]]
    failed: Pipeline[[BayeuxError, AsyncClient]]
    request: Pipeline[[TransportRequest, AsyncClient]]
    response: Pipeline[[TransportResponse, AsyncClient]]

    def __init__(
        self,
        client: Any,
        *,
        extensions: Iterable[object] = (),
        options: GivenOptions | None = None,
        discover: bool = True,
        blocked: Collection[str] = (),
        on_error: Report = log_error,
        patience: float | None = None,
    ) -> None:
        """Register the installed extensions in the order of their names, then those passed, as given.

        Calls no hook yet: `open` does.

        Args:
            client: What the hooks get as `client`.
            extensions: Instances, modules or classes. One takes the place of an installed one with its name.
            options: Options of installed extensions and of passed classes, by the name of the extension.
            discover: False: installed extensions are not looked for.
            blocked: Names of installed extensions to leave out, or ``all``.
            on_error: Is told of an exception in a hook that must not break the connection.
            patience: Seconds that such a hook may take, if it waits; None: as long as it likes.

        Raises:
            ExtensionError: A passed extension is wrong, or its name is taken.
            ExtensionOptionError: An option is unknown, missing or of the wrong type.
            ExtensionLoadError: An installed extension is broken, and PYBAYEUX_STRICT is set.
        """
        self._client: Final = client
        self._report: Final = on_error
        self._patience: Final = patience
        self._members: Final[dict[str, Member]] = {}
        self._tasks: Final[set[asyncio.Task[ExtensionHookError | None]]] = set()
        self._is_open = False
        self._selection: Final = Selection(options or {}, discover=discover, blocked=blocked)
        for chosen in self._selection.initial(tuple(extensions)):
            self._admit_initial(chosen)
        self._compile()

    @cached_property
    def _manager(self) -> HookManager:
        """Made with the first extension: a client without any does not pay for it."""
        return HookManager()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the registered extensions, in the order of their registration."""
        return tuple(self._members)

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension and call its `registered`.

        Args:
            extension: An instance, a module or a class.
            name: Its name. None: its own, else one made of that of its class.

        Raises:
            ExtensionError: The name is taken, or a hook is wrong.
            ExtensionHookError: `registered` failed; the extension is not registered.
        """
        member = self._admit(self._selection.passed(extension, name, self._members))
        if member.waits:
            return Registration(member.name, self._spawn(self._join(member)) if self._is_open else None)
        try:
            member.hello.call(member.name, self._client)
        except ExtensionHookError:
            self._forget(member)
            raise
        member.is_ready = True
        self._compile()
        return Registration(member.name)

    def remove(self, name: str) -> Registration:
        """Take an extension out and call its `unregistered`.

        Raises:
            ExtensionError: No extension of this name is registered.
        """
        member = self._members.get(name)
        if member is None:
            raise ExtensionError(f"no extension {name!r} is registered", extension=name)
        self._forget(member)
        if not member.is_ready:
            return Registration(name)
        member.is_ready = False
        if member.waits:
            return Registration(name, self._spawn(self._part(member)))
        member.goodbye.call(name, self._client)
        return Registration(name)

    def register_transports(self, registry: TransportRegistry) -> None:
        """Let all extensions add their transports; they need not have been told of their registration yet."""
        self._pipeline("register_transports", self._members, report=self._report).call(registry)

    def resolve(self, url: str) -> str:
        """An address in a scheme that an extension knows as that of a server; another one as it is.

        Raises:
            UsageError: The extension's own: something is wrong with the address.
            ExtensionHookError: The extension failed on it.
        """
        if not has_foreign_scheme(url):
            return url
        try:
            found = self._pipeline("resolve", self._members).call(url)
        except ExtensionHookError as error:
            if isinstance(error.__cause__, UsageError):
                raise error.__cause__ from None
            raise
        return cast("str | None", found) or url

    def hook(self, name: str) -> HookCaller:
        """The call of a hook that an installed package brings.

        Of hooks whose names begin with ``register_`` every extension is told, of others those that are ready.

        Raises:
            UsageError: Nobody brings a hook of this name.
        """
        if shape_of(name) is None or name in HOOK_ARGUMENTS:
            raise UsageError(f"no installed package brings a hook {name!r}")
        if (found := self._brought.get(name)) is None:
            ready = [each for each, member in self._members.items() if member.is_ready or name.startswith("register_")]
            found = self._brought[name] = self._pipeline(name, ready, report=self._report)
        return found

    def explained(self, error: BayeuxError, client: Any) -> BayeuxError:
        """What an error means to an extension that knows the server, else the error as it is."""
        if self.explain.is_empty:
            return error
        return cast("BayeuxError | None", self.explain.call(error, client)) or error

    def transaction_of(self, message: Message, client: Any) -> AbstractAsyncContextManager[Any] | None:
        """The transaction that an extension has for an event."""
        return cast("AbstractAsyncContextManager[Any] | None", self.transaction.call(message, client))

    def server_redelivers(self, client: Any) -> bool:
        """Whether an extension says that the server sends again what is not taken."""
        return cast("bool | None", self.redelivers.call(client)) is True

    def more_time(self, message: Message, client: Any) -> float:
        """Seconds that an extension gives the server for its answer to `message`; none by default."""
        return cast("float | None", self.late.call(message, client)) or 0.0

    async def open(self) -> None:
        """Call `registered` of those that have not been told yet, in their order.

        Raises:
            ExtensionHookError: That of a passed extension failed. The others were told that it is over.
        """
        if self._is_open:
            return
        self._is_open = True
        try:
            for member in [each for each in self._members.values() if not each.is_ready]:
                await self._greet_initial(member)
        except BaseException:
            await self.close()
            raise
        self._compile()

    async def close(self) -> None:
        """Call `unregistered` of all, the last one first. They stay registered for another `open`."""
        self._is_open = False
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for member in reversed(tuple(self._members.values())):
            if member.is_ready:
                member.is_ready = False
                self._compile()
                await self._part(member)

    # -- who takes part

    def _admit_initial(self, chosen: Chosen) -> None:
        try:
            self._admit(chosen)
        except ExtensionError as error:
            if not chosen.is_installed:
                raise
            complain(error)

    def _admit(self, chosen: Chosen) -> Member:
        name = chosen.name
        if name in self._members:
            raise ExtensionError(f"an extension {name!r} is registered already", extension=name)
        # Installed ones were checked when they were loaded.
        if not chosen.is_installed and not implemented_hooks(chosen.extension, name):
            _logger.warning("extension %r implements no hook", name)
        try:
            self._manager.register(chosen.extension, name)
        except ValueError as error:
            raise ExtensionError(
                f"extension {name!r} is registered already under another name", extension=name
            ) from error
        hello = self._pipeline("registered", {name})
        goodbye = self._pipeline("unregistered", {name}, report=self._report)
        member = self._members[name] = Member(name, chosen.is_installed, hello, goodbye)
        return member

    def _forget(self, member: Member) -> None:
        if self._members.get(member.name) is member:
            del self._members[member.name]
            self._manager.unregister(name=member.name)
            self._compile()

    # -- the pairs of `registered` and `unregistered`

    async def _greet_initial(self, member: Member) -> None:
        try:
            await self._greet(member)
        except ExtensionHookError as error:
            if not member.is_installed:
                raise
            complain(error)

    async def _join(self, member: Member) -> ExtensionHookError | None:
        """Greet a member of an open registry."""
        try:
            await self._greet(member)
        except ExtensionHookError as error:
            self._forget(member)
            self._report(error)
            return error
        self._compile()
        return None

    async def _greet(self, member: Member) -> None:
        await member.hello.acall(member.name, self._client)
        member.is_ready = self._members.get(member.name) is member
        if not member.is_ready:  # removed meanwhile
            await self._part(member)

    async def _part(self, member: Member) -> None:
        await member.goodbye.acall(member.name, self._client)

    def _spawn(self, work: Coroutine[Any, Any, ExtensionHookError | None]) -> asyncio.Task[ExtensionHookError | None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- the calls

    def _compile(self) -> None:
        self._brought: dict[str, Pipeline[...]] = {}
        ready = {name for name, member in self._members.items() if member.is_ready}
        self.outgoing = self._pipeline("outgoing", ready)
        self.incoming = self._pipeline("incoming", ready, report=self._report)
        self.delivered = self._pipeline("delivered", ready, report=self._report)
        self.unsubscribed = self._pipeline("unsubscribed", ready, report=self._report)
        self.redelivers = self._pipeline("redelivers", ready, report=self._report)
        self.late = self._pipeline("late", ready, report=self._report)
        self.rewind = self._pipeline("rewind", ready, report=self._report)
        self.transaction = self._pipeline("transaction", ready, report=self._report)
        self.explain = self._pipeline("explain", ready, report=self._report)
        self.state_changed = self._pipeline("state_changed", ready, report=self._report)
        self.failed = self._pipeline("failed", ready, report=log_error)
        self.request = self._pipeline("request", ready)
        self.response = self._pipeline("response", ready, report=self._report)

    def _pipeline(self, hook: str, names: Collection[str], *, report: Report | None = None) -> Pipeline[...]:
        """The pipeline of the extensions with these names."""
        # Pluggy knows a brought hook from its first implementation on.
        known = getattr(self._manager.hook, hook, None) if names else None
        every = known.get_hookimpls() if known is not None else []
        implementations = [each for each in every if each.plugin_name in names]
        # Where an exception ends the call, the exchange's own deadline does, too.
        return Pipeline(hook, implementations, report=report, patience=None if report is None else self._patience)
