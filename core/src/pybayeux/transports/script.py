"""The answers of callback-polling: a script that calls a function with the messages (Bayeux 1.0, section 6.2)."""

from __future__ import annotations

import re
from typing import Final

from ..errors import MessageDecodeError

__all__ = ("unwrap_script",)

_BOM: Final = b"\xef\xbb\xbf"
# Faye begins with an empty comment, so that the answer is no program of another kind (CVE-2014-4671).
_BEGINNING: Final = re.compile(rb"(?:\s|/\*.*?\*/)*[\w$.]+\s*\(", re.DOTALL)
_END: Final = re.compile(rb"\)[\s;]*\Z")


def unwrap_script(body: bytes) -> bytes:
    """The JSON in ``callback([...]);``, or the body itself where it is no call but JSON already.

    Raises:
        MessageDecodeError: It is neither.
    """
    text = body.removeprefix(_BOM).strip()
    if text[:1] in (b"[", b"{"):
        return text
    beginning = _BEGINNING.match(text)
    end = _END.search(text, beginning.end()) if beginning is not None else None
    if beginning is None or end is None:
        raise MessageDecodeError("no script that calls a function with messages")
    return text[beginning.end() : end.start()]
