"""Signs every publish, as the server of example.com wants it."""

import hashlib
import hmac

from pybayeux import Message, hookimpl


class Signature:
    """Puts a signature of the data into `ext`."""

    def __init__(self, key: str, member: str = "com.example.signature") -> None:
        self._key = key.encode()
        self._member = member

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if not message.is_meta:
            signature = hmac.digest(self._key, message.raw_data, hashlib.sha256).hex()
            message.ext = {**(message.ext or {}), self._member: signature}
