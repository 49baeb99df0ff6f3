"""Encrypted events for pybayeux: AES-GCM, as base64 text, marked in `ext`."""

import json
import logging
import os
from base64 import b64decode, b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pybayeux import Channel, ChannelType, Drop, Message, hookimpl

__all__ = ("MARK", "Encrypt")

MARK = "com.example.encrypt"

_NONCE = 12

_logger = logging.getLogger("bayeux_encrypt")


class Encrypt:
    """Encrypts what is published, and decrypts what comes in encrypted. The channel is bound to the data.

    Args:
        key: 16, 24 or 32 random bytes in base64, the same in all clients.
        strict: Drop events that arrive unencrypted.

    Raises:
        ValueError: It is not a key.
    """

    def __init__(self, key: str, strict: bool = False) -> None:
        self._cipher = AESGCM(b64decode(key, validate=True))
        self._strict = strict

    @hookimpl(trylast=True)  # next to the wire: everything else that changes the data runs before
    def outgoing(self, message: Message) -> None:
        """Encrypt the data of an event."""
        if _is_broadcast(message):
            nonce = os.urandom(_NONCE)
            sealed = nonce + self._cipher.encrypt(nonce, message.raw_data, message.channel.encode())
            message.data = b64encode(sealed).decode()
            message.ext = {**(message.ext or {}), MARK: "AES-GCM"}

    @hookimpl(tryfirst=True)  # next to the wire here too
    def incoming(self, message: Message) -> Drop | None:
        """Decrypt the data of a marked event, and take the mark off; drop what cannot be decrypted."""
        if message.successful is not None or not _is_broadcast(message):
            return None
        if message.ext is None or MARK not in message.ext:
            return _dropped(message, "it is not encrypted") if self._strict else None
        try:
            sealed = b64decode(message.data, validate=True)
            text = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], message.channel.encode())
            message.data = json.loads(text)
        except InvalidTag:
            return _dropped(message, "it was encrypted with another key, or changed on the way")
        except (TypeError, ValueError) as error:
            return _dropped(message, f"it is marked as encrypted and is not: {error}")
        message.ext = {name: value for name, value in message.ext.items() if name != MARK} or None
        return None


def _is_broadcast(message: Message) -> bool:
    return Channel(message.channel).type is ChannelType.BROADCAST


def _dropped(message: Message, reason: str) -> Drop:
    _logger.warning("an event of %s is dropped: %s", message.channel, reason)
    return Drop(reason)
