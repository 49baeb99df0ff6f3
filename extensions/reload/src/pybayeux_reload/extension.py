"""The reload extension: a session that outlives its process, as CometD's lets a browser's session outlive its page.

The reply to the handshake is saved in a file, with everything else that makes the session. A later process answers its
own handshake with that reply and connects with the same client id; the server sees a client that was away for a moment.
If the server has removed the session, it says so, and the client begins a new one, as after any lost session.

This module has the hooks, which note what has to be saved. What is saved, and when, is in `persistent_session.py` and
`session_file.py`; what is answered in the place of the server, in `transport.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, hookimpl

from .early_events import EarlyEvents
from .persistent_session import PersistentSession
from .transport import InterceptingTransport, channels_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import HookClient, Message, Transport

__all__ = ("Reload",)


class Reload:
    """Saves the session in a file, from which the next process takes it over: without a handshake, and without a gap.

    One instance, and one file, belong to one client. Two processes must not use the file at the same time.

    A process that is killed leaves its session in the file. A process that closes its client ends the session and
    removes the file, unless it has called `hand_over`.

    Args:
        file: Where the session is saved. The file is created with the first session; its folder is not. Any process
            that can read it can act as this client, so only its owner can.
    """

    def __init__(self, file: str | Path) -> None:
        self._session: Final = PersistentSession(Path(file))
        self._early: Final = EarlyEvents()

    @property
    def resumed(self) -> bool:
        """Whether the present session was begun by another process."""
        return self._session.resumed

    def hand_over(self) -> None:
        """Leave the session to the next process: call it just before the client is closed, from any thread.

        From then on no event is received, and no request that ends the session or a subscription is sent. Closing the
        client, or leaving its block, then takes no time and sends nothing to the server. It applies until the client
        is started again.
        """
        self._session.is_handing_over = True

    # -- hooks

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        """Wrap every transport, also those of other extensions."""
        registry.wrap(self._wrap)

    def _wrap(self, factory: Callable[[Any], Transport]) -> Callable[[Any], Transport]:
        return lambda context: InterceptingTransport(factory, context, session=self._session, early=self._early)

    @hookimpl
    def registered(self) -> None:
        """Start afresh each time the client starts."""
        self._session.restart()
        self._early.expect(())

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message, client: HookClient) -> None:
        """Note what makes the session, before another extension changes it."""
        if message.successful is None or not message.is_meta:
            return
        if message.channel == Channel.META_CONNECT:
            self._connect_reply(message, client)
        elif not message.successful or self._session.is_handing_over:
            return
        elif message.channel == Channel.META_HANDSHAKE:
            self._session.on_handshake_reply(message)
        elif message.channel == Channel.META_SUBSCRIBE:
            self._session.on_subscribed(channels_of(message))
        elif message.channel == Channel.META_UNSUBSCRIBE:
            self._session.on_unsubscribed(channels_of(message))

    def _connect_reply(self, message: Message, client: HookClient) -> None:
        if message.successful:
            self._session.on_connect_reply()
        elif self._session.is_unconfirmed and _is_refused_by_http(message) and client.recovers:
            # This is not a Bayeux server that has removed the session, but a proxy that no longer knows the way to it.
            client.rehandshake("the session of the previous process cannot be taken over")


def _is_refused_by_http(message: Message) -> bool:
    failure = message.extra.get("failure")
    status = failure.get("status") if isinstance(failure, dict) else None
    return isinstance(status, int) and 400 <= status < 500
