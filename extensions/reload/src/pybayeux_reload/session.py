"""The session that is to outlive its process: what is known of it, when it is written down, and who takes it over."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from .saved import Saved, as_json, discard, load, store

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux import Message

__all__ = ("KeptSession",)

_logger: Final = logging.getLogger("pybayeux.reload")


class KeptSession:
    """One client's session, and the file that it is kept in.

    Args:
        file: The file.

    Attributes:
        resumed: Whether the present session was begun by another process.
        leaving: Whether another process is to take it over from here.
        connect: The last connect that has left.
    """

    def __init__(self, file: Path) -> None:
        self._file: Final = file
        self._context: Any = None
        self._handshake: dict[str, Any] | None = None
        self._channels: set[str] = set()
        self._stored: Saved | None = None
        self._first = True
        self._proven = False
        self.resumed = False
        self.leaving = False
        self.connect: Message | None = None

    @property
    def on_trial(self) -> bool:
        """Whether the session is another process's, and the server has not yet answered a connect of this one."""
        return self.resumed and not self._proven

    def restart(self) -> None:
        """The client starts: its first handshake may be spared."""
        self._first, self.leaving = True, False

    def begin(self, request: Message, context: Any) -> Saved | None:
        """A handshake is due: gives the session that can be had without, or None.

        Without, what the file holds is over: a new session is asked for because the old one is lost or unwanted.

        Args:
            request: The handshake.
            context: That of the transport which would carry it.
        """
        saved = self._usable(request, context) if self._first else None
        self._first, self.resumed, self._proven = False, saved is not None, False
        self._context, self._handshake, self._stored = context, None, saved
        self._channels = set(saved.channels if saved is not None else ())
        if saved is None:
            discard(self._file)
        else:
            _restore(saved.cookies, context)
            _logger.info("taking over the session in %s", self._file)
        return saved

    def _usable(self, request: Message, context: Any) -> Saved | None:
        saved = load(self._file)
        if saved is None:
            return None
        if saved.url != context.url:
            _logger.warning("the session in %s lives on another server, a new one is begun", self._file)
            return None
        offered, wanted = saved.reply().supported_connection_types, request.supported_connection_types
        if offered and wanted and not set(offered) & set(wanted):
            _logger.warning("the session in %s has no transport that is allowed here, a new one is begun", self._file)
            return None
        return saved

    def accepted(self, reply: Message) -> None:
        """The server has granted a session, now or to the process before."""
        self._handshake = as_json(reply)  # now: whoever sees the message after us may change it

    def lives(self) -> None:
        """A connect was answered: the session is worth keeping."""
        self._proven = True
        self._save()

    def subscribed(self, channels: list[str]) -> None:
        """The server has granted these."""
        self._channels.update(channels)
        self._save()

    def unsubscribed(self, channels: list[str]) -> None:
        """The server brings these no longer."""
        self._channels.difference_update(channels)
        self._save()

    def end(self) -> None:
        """The session is to be ended: nobody can take it over."""
        self._handshake = self._stored = None
        discard(self._file)

    def _save(self) -> None:
        if self._handshake is None or not self._proven or self.leaving:
            return
        channels = tuple(sorted(self._channels))
        saved = Saved(self._context.url, self._handshake, _cookies(self._context), channels)
        if saved != self._stored:
            store(self._file, saved)
            self._stored = saved


def _cookies(context: Any) -> str:
    # Those that the user gave to an HTTP client belong to no server, and will be given again.
    return context.cookies.header(context.url, anonymous=True) or ""


def _restore(cookies: str, context: Any) -> None:
    """Let the server find its cookies again: CometD, for one, knows a session by its cookie as well as by its id."""
    context.cookies.take(context.url, [("Set-Cookie", f"{each}; Path=/") for each in cookies.split("; ") if each])
