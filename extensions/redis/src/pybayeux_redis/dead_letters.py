"""Dead letters in Redis: each in one field of a hash, and the number of each event in another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
import redis

from pybayeux_replay import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .keys import Keys

__all__ = ("add_dead_letter", "delete_dead_letters", "read_dead_letters")

_decoder: Final = msgspec.json.Decoder(DeadLetter)


def add_dead_letter(client: Any, keys: Keys, letter: DeadLetter) -> int:
    """Keep a dead letter, or update the one of the same number or event; return its number."""
    while True:
        with client.pipeline() as pipe:
            pipe.watch(keys.letters, keys.numbers)
            number = letter.number if letter.number is not None else _known_number(pipe, keys, letter)
            stored = None if number is None else pipe.hget(keys.letters, str(number))
            if stored is None and letter.number is not None:
                return letter.number  # it was deleted
            if number is None:
                number = int(pipe.incr(keys.last_number))  # a number that was shown never stands for another event
            kept = replace(letter, number=number)
            if stored is not None:
                known = _decoder.decode(stored)
                subject = letter if letter.number is None else replace(known, error=letter.error)
                kept = replace(subject, number=number, failed_at=letter.failed_at, attempts=known.attempts + 1)
            pipe.multi()
            pipe.hset(keys.letters, str(number), msgspec.json.encode(kept))
            if letter.identity is not None:
                pipe.hset(keys.numbers, _event(letter), number)
            try:
                pipe.execute()
            except redis.WatchError:
                continue
            return number


def _known_number(client: Any, keys: Keys, letter: DeadLetter) -> int | None:
    number = None if letter.identity is None else client.hget(keys.numbers, _event(letter))
    return None if number is None else int(number)


def _event(letter: DeadLetter) -> bytes:
    return msgspec.json.encode([letter.subscription, letter.identity])


def read_dead_letters(client: Any, keys: Keys) -> list[DeadLetter]:
    """Return the dead letters of a consumer, in the order of their numbers."""
    letters = [_decoder.decode(stored) for stored in client.hvals(keys.letters)]
    return sorted(letters, key=lambda letter: letter.number or 0)


def delete_dead_letters(client: Any, keys: Keys, numbers: Iterable[int]) -> None:
    """Delete dead letters."""
    unwanted = set(numbers)
    letters = [letter for letter in read_dead_letters(client, keys) if letter.number in unwanted]
    with client.pipeline() as pipe:
        for letter in letters:
            pipe.hdel(keys.letters, str(letter.number))
            pipe.hdel(keys.numbers, _event(letter))
        pipe.execute()
