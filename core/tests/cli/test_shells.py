from __future__ import annotations

import pytest
from click.testing import CliRunner

from pybayeux.cli import main


def _complete(shell: str, *words: str, before: str = "\n") -> list[str]:
    """What a shell gets for the last of these words, as it takes them apart."""
    variables = {"COMP_WORDS": before.join(words), "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        variables = {"COMP_WORDS": " ".join(words), "COMP_CWORD": words[-1]}
    output = CliRunner().invoke(
        main, [], prog_name="pybayeux", env=variables | {"_PYBAYEUX_COMPLETE": f"{shell}_complete"}
    )
    lines = output.stdout.splitlines()
    return lines[1::3] if shell == "zsh" else [line.partition(",")[2].partition("\t")[0] for line in lines]


@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (("listen", "-p", "no", ":", "al"), ["all"]),
        (("-p", "no", ":", "al"), ["all"]),
        (("-p", "no:al"), ["no:all"]),  # where COMP_WORDBREAKS has no colon
        (("listen", "http", "://", "localhost", ":", "8080/cometd", "--transp"), ["--transport"]),
        (("listen", "--transport", "=", "w"), ["websocket"]),
        (("listen", "--transport", "="), ["websocket", "long-polling", "callback-polling"]),
        (("listen", "--transport", ""), ["websocket", "long-polling", "callback-polling"]),
        (("-p", "no", ":", "ack", "comp"), ["completion"]),
        (("-p", "no", ":", "ack", "completion", "z"), ["zsh"]),
    ],
)
def test_bash_takes_words_apart_at_colons_and_equals_signs(words: tuple[str, ...], answers: list[str]) -> None:
    assert _complete("bash", "pybayeux", *words) == answers


@pytest.mark.parametrize("shell", ["zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "answers"),
    [
        (("listen", "-p", "no:al"), ["no:all"]),
        (("listen", "--transport=w"), ["--transport=websocket"]),
        (("listen", "--transport", "w"), ["websocket"]),
        (("listen", "--log-f"), ["--log-format"]),
    ],
)
def test_other_shells_take_them_whole(shell: str, words: tuple[str, ...], answers: list[str]) -> None:
    assert _complete(shell, "pybayeux", *words, before=" ") == answers
