"""What completion needs of a shell beyond what click knows of it.

Owns three habits of shells. Bash takes ``:`` and ``=`` for ends of words: ``no:replay`` and ``http://host`` come in
pieces, and an answer begins after the last of them. The others take ``--option=value`` for one word, so an answer has
all of it. Bash and zsh write a space after the only answer, which has no place after the dot of ``replay.``. It does
not know which answers there are.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, ClassVar, Final

from click.shell_completion import (
    BashComplete,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ("Bash", "Fish", "Zsh", "register")

_BREAKS: Final = frozenset(":=")

# A script in which another version of click has other lines stays as it is, without what is added here.
_BASH_END: Final = "    return 0\n"
_BASH_WITHOUT_SPACE: Final = (
    "    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *. ]] && compopt -o nospace 2>/dev/null\n"
)
_ZSH_ADD: Final = "        compadd -U -V unsorted -a completions\n"
_ZSH_ADD_BOTH: Final = """\
        compadd -U -V unsorted -S '' -- ${(M)completions:#*.}
        compadd -U -V unsorted -- ${completions:#*.}
"""
_FISH_SPLIT: Final = 'string split "," $completion'
_FISH_SPLIT_ONCE: Final = 'string split --max 1 "," $completion'
"""A description may have commas."""


class Bash(BashComplete):
    """Completion in bash."""

    source_template: ClassVar[str] = BashComplete.source_template.replace(_BASH_END, _BASH_WITHOUT_SPACE + _BASH_END)
    _earlier: str = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the part of one at the cursor, as they were typed."""
        arguments, begun, self._earlier = _bash_words(os.environ)
        return arguments, begun

    def format_completion(self, item: Any) -> str:
        """An answer, without what bash takes for earlier words."""
        item.value = item.value.removeprefix(self._earlier)
        return super().format_completion(item)


class _WholeWords(ShellComplete):
    """Takes ``--option=value`` for one word."""

    _option: str = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor, and the part of one at the cursor."""
        arguments, begun = super().get_completion_args()
        self._option = _option_in(begun)
        return arguments, begun

    def format_completion(self, item: Any) -> str:
        """An answer, with the option that is part of the word."""
        item.value = self._option + item.value
        return super().format_completion(item)


class Zsh(_WholeWords, ZshComplete):
    """Completion in zsh."""

    source_template: ClassVar[str] = ZshComplete.source_template.replace(_ZSH_ADD, _ZSH_ADD_BOTH)


class Fish(_WholeWords, FishComplete):
    """Completion in fish."""

    source_template: ClassVar[str] = FishComplete.source_template.replace(_FISH_SPLIT, _FISH_SPLIT_ONCE)


def _option_in(word: str) -> str:
    """The option with its equals sign that a word begins with, or nothing."""
    option, equals, _ = word.partition("=")
    return option + equals if equals and option.startswith("--") else ""


def _bash_words(environment: Mapping[str, str]) -> tuple[list[str], str, str]:
    """The words before the cursor, the part of one at the cursor, and how much of that bash takes for earlier words."""
    words, at = split_arg_string(environment["COMP_WORDS"]), int(environment["COMP_CWORD"])
    current = "".join(words[at : at + 1])
    together = _joined(words[: at + 1])
    if not current:
        return together[1:], "", ""
    *before, begun = together
    return before[1:], begun, begun if _BREAKS.issuperset(current) else begun.removesuffix(current)


def _joined(words: Iterable[str]) -> list[str]:
    """The words as they were typed: what bash took apart is one again."""
    joined: list[str] = []
    continues = False
    for word in words:
        is_break = _BREAKS.issuperset(word)
        if joined and (is_break or continues):
            joined[-1] += word
        else:
            joined.append(word)
        continues = is_break
    return joined


def register() -> None:
    """Let click complete with these."""
    for each in (Bash, Zsh, Fish):
        add_completion_class(each)
