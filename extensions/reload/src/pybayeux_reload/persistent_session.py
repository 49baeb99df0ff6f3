"""The persistent session: what is known of the session, when it is saved, and whether it can be taken over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from .session_file import SavedSession, as_json, discard, load, store

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux import Message

__all__ = ("PersistentSession",)

_logger: Final = logging.getLogger("pybayeux.reload")


class PersistentSession:
    """One client's session and its file.

    Args:
        file: The file.

    Attributes:
        resumed: Whether the present session was begun by another process.
        is_handing_over: Whether another process is to take the session over.
        last_connect: The last connect that was sent.
    """

    def __init__(self, file: Path) -> None:
        self._file: Final = file
        self._context: Any = None
        self._handshake: dict[str, Any] | None = None
        self._channels: set[str] = set()
        self._in_order: tuple[str, ...] | None = None  # sorted once: each reply to a connect asks
        self._stored: SavedSession | None = None
        self._is_first = True
        self._is_confirmed = False
        self.resumed: bool = False
        self.is_handing_over: bool = False
        self.last_connect: Message | None = None

    @property
    def is_unconfirmed(self) -> bool:
        """Whether the session was taken over, and the server has not answered a connect of this process yet."""
        return self.resumed and not self._is_confirmed

    def restart(self) -> None:
        """The client starts: a saved session may replace its first handshake."""
        self._is_first, self.is_handing_over = True, False

    def take_over(self, request: Message, context: Any) -> SavedSession | None:
        """Return the saved session that replaces a handshake, or None.

        If there is none, the file is removed: the client asks for a new session because the old one is lost or not
        wanted.

        Args:
            request: The handshake.
            context: The context of the transport that would send it.
        """
        saved = self._usable(request, context) if self._is_first else None
        self._is_first, self.resumed, self._is_confirmed = False, saved is not None, False
        self._context, self._handshake, self._stored = context, None, saved
        self._channels = set(saved.channels if saved is not None else ())
        self._in_order = None
        if saved is None:
            discard(self._file)
        else:
            _restore(saved.cookies, context)
            _logger.info("taking over the session in %s", self._file)
        return saved

    def _usable(self, request: Message, context: Any) -> SavedSession | None:
        saved = load(self._file)
        if saved is None:
            return None
        if saved.url != context.url:
            _logger.warning("the session in %s is on another server, a new one is begun", self._file)
            return None
        offered, wanted = saved.reply().supported_connection_types, request.supported_connection_types
        if offered and wanted and not set(offered) & set(wanted):
            _logger.warning("the session in %s has no transport that is allowed here, a new one is begun", self._file)
            return None
        return saved

    def on_handshake_reply(self, reply: Message) -> None:
        """The server has granted a session, to this process or to the one before."""
        self._handshake = as_json(reply)  # at once: later extensions may change the message

    def on_connect_reply(self) -> None:
        """A connect was answered: the server has the session, so it is worth saving."""
        self._is_confirmed = True
        self._save()

    def on_subscribed(self, channels: list[str]) -> None:
        """The server has granted these subscriptions."""
        self._channels.update(channels)
        self._in_order = None
        self._save()

    def on_unsubscribed(self, channels: list[str]) -> None:
        """The server has ended these subscriptions."""
        self._channels.difference_update(channels)
        self._in_order = None
        self._save()

    def end(self) -> None:
        """The client ends the session: it cannot be taken over any more."""
        self._handshake = self._stored = None
        discard(self._file)

    def _save(self) -> None:
        if self._handshake is None or not self._is_confirmed or self.is_handing_over:
            return
        if self._in_order is None:
            self._in_order = tuple(sorted(self._channels))
        saved = SavedSession(self._context.url, self._handshake, _cookies(self._context), self._in_order)
        if saved != self._stored:
            store(self._file, saved)
            self._stored = saved


def _cookies(context: Any) -> str:
    # Not the cookies of the user's own HTTP client: they belong to no server, and the next process has them as well.
    return context.cookies.header(context.url, anonymous=True) or ""


def _restore(cookies: str, context: Any) -> None:
    """Send the server its cookies again: CometD, for one, checks a session's cookie as well as its id."""
    context.cookies.take(context.url, [("Set-Cookie", f"{each}; Path=/") for each in cookies.split("; ") if each])
