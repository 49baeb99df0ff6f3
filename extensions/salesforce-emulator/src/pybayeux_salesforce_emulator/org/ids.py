"""Generated ids: of records, sessions, tokens and events.

Owns their format. They depend on a seed, so that a test has the same ids in every run.
"""

from __future__ import annotations

import random
import string
import uuid
from typing import Final

__all__ = ("Ids", "schema_id", "to_18")

_LETTERS: Final = string.ascii_letters + string.digits
_LOWER: Final = string.ascii_lowercase + string.digits
_CHECK: Final = string.ascii_uppercase + "012345"

_CODE_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are easily confused."""


def to_18(short: str) -> str:
    """A record id with its suffix, which encodes which of the 15 letters are capitals."""
    blocks = (short[start : start + 5] for start in (0, 5, 10))
    return short + "".join(
        _CHECK[sum(1 << place for place, letter in enumerate(block) if letter.isupper())] for block in blocks
    )


def schema_id(name: str) -> str:
    """The id of an event's schema: 22 characters that stay the same for the same name."""
    return "".join(random.Random(f"schema:{name}").choices(_LETTERS + "-_", k=22))


class Ids:
    """Generates ids.

    Args:
        seed: Determines them.
    """

    def __init__(self, seed: int) -> None:
        self._random: Final = random.Random(f"ids:{seed}")

    def record(self, prefix: str) -> str:
        """The id of a record, 18 characters. The prefix of three characters is the type of the record."""
        return to_18(f"{prefix}xx00000" + self._text(_LETTERS, 4) + "AA"[: 15 - len(prefix) - 7 - 4])

    def client(self) -> str:
        """The id of a CometD session, in CometD's format."""
        return self._text(_LOWER, 27)

    def browser(self) -> str:
        """The value of a cookie that names a browser."""
        return self._text(_LOWER, 20)

    def token(self, org_id: str) -> str:
        """A session id: the org's id, an exclamation mark, and 96 characters."""
        return f"{org_id[:15]}!{self._text(_LETTERS + '._', 96)}"

    def secret(self, length: int = 64) -> str:
        """A random secret."""
        return self._text(_LETTERS, length)

    def user_code(self) -> str:
        """The code that a person types to approve a device: eight capitals and digits."""
        return self._text(_CODE_LETTERS, 8)

    def event(self) -> str:
        """The ``EventUuid`` of an event."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def transaction(self) -> str:
        """The ``transactionKey`` of a change: a UUID in capitals."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4)).upper()

    def _text(self, letters: str, length: int) -> str:
        return "".join(self._random.choices(letters, k=length))
