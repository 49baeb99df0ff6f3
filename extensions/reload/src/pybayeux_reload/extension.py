"""A session that outlives its process, as CometD's reload extension for browsers has it outlive its page.

The reply to the handshake is kept in a file, with what else makes the session. A later process answers its own
handshake with it, connects with the same client id, and the server does not notice more than a connection that was
away for a moment. Where it noticed more, it says that the session is unknown, and the client begins a new one, as after
any lost session.

This module has the hooks: what is to be noted comes by here. What is kept is in `session.py` and `saved.py`, what is
answered in the server's place in `passage.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pybayeux import Channel, hookimpl

from .passage import Passage, Transport, channels_of
from .session import KeptSession
from .unclaimed import Unclaimed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import HookClient, Message

__all__ = ("Reload",)


class Reload:
    """Keeps the session in a file, from which the next process takes it over: without a handshake, and without a gap.

    One instance, and one file, belong to one client; two processes must not use the file at the same time.

    A process that is killed leaves its session in the file. One that closes its client ends the session, and removes
    the file; after `hand_over` it leaves both.

    Args:
        file: Where the session is kept. It is made with the first session, its folder is not. Whoever can read it can
            act as this client: it is readable by its owner alone.
    """

    def __init__(self, file: str | Path) -> None:
        self._session: Final = KeptSession(Path(file))
        self._unclaimed: Final = Unclaimed()

    @property
    def resumed(self) -> bool:
        """Whether the present session was begun by another process."""
        return self._session.resumed

    def hand_over(self) -> None:
        """Leave the session to the next process: call it just before the client is closed, from any thread.

        From now on no event is received any more, and nothing that ends the session or a subscription leaves; closing
        the client, or leaving its block, is then done at once and without a word to the server. It counts for this
        start of the client.
        """
        self._session.leaving = True

    # -- hooks

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        """Stand in front of every transport, whoever registered it."""
        registry.wrap(self._in_front_of)

    def _in_front_of(self, factory: Callable[[Any], Transport]) -> Callable[[Any], Transport]:
        return lambda context: Passage(factory, context, session=self._session, unclaimed=self._unclaimed)

    @hookimpl
    def registered(self) -> None:
        """Begin anew with each start of the client."""
        self._session.restart()
        self._unclaimed.expect(())

    @hookimpl(tryfirst=True)
    def incoming(self, message: Message, client: HookClient) -> None:
        """Note what makes the session, before anybody changes it."""
        if message.successful is None or not message.is_meta:
            return
        if message.channel == Channel.META_CONNECT:
            self._connect_reply(message, client)
        elif not message.successful or self._session.leaving:
            return
        elif message.channel == Channel.META_HANDSHAKE:
            self._session.accepted(message)
        elif message.channel == Channel.META_SUBSCRIBE:
            self._session.subscribed(channels_of(message))
        elif message.channel == Channel.META_UNSUBSCRIBE:
            self._session.unsubscribed(channels_of(message))

    def _connect_reply(self, message: Message, client: HookClient) -> None:
        if message.successful:
            self._session.lives()
        elif self._session.on_trial and _is_refused_by_http(message) and client.recovers:
            # No server of Bayeux said that the session is gone; somebody before it no longer knows the way there.
            client.rehandshake("the session of the process before cannot be taken over")


def _is_refused_by_http(message: Message) -> bool:
    failure = message.extra.get("failure")
    status = failure.get("status") if isinstance(failure, dict) else None
    return isinstance(status, int) and 400 <= status < 500
