"""Where a login keeps its refresh token: the system's keyring, or else a file of the user."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from ..keyring import has_keyring
from ..secret import digest

__all__ = ("choose_place",)

_SERVICE: Final = "pybayeux"


def choose_place(asked: str | None, *, login_url: str, client_id: str, user_id: str | None) -> str:
    """Return the name of the store, as the option `token_store` has it.

    Args:
        asked: ``keyring`` or ``file`` for one of its own, the name of a store, or None: the keyring, if there is one.
        login_url: The login server.
        client_id: The app.
        user_id: The user, if known. Each server, app and user has a place of its own.
    """
    if asked not in (None, "keyring", "file"):
        return asked
    host = urlsplit(login_url).netloc.replace(":", "-")
    name = f"{host}-{digest(login_url, client_id, user_id)[:12]}"
    if asked == "keyring" or (asked is None and has_keyring()):
        return f"keyring:{_SERVICE}/{name}"
    from platformdirs import user_state_path

    return f"file:{user_state_path(_SERVICE, appauthor=False) / 'logins' / f'{name}.json'}"
