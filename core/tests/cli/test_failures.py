from __future__ import annotations

import click
import pytest

from pybayeux.cli.failures import Failure, WrongUsage, exit_on_error
from pybayeux.errors import (
    BayeuxError,
    ExtensionLoadError,
    ExtensionOptionError,
    InvalidChannelError,
    SessionEndedError,
)


def _mask(text: str) -> str:
    return text.replace("s3cr3t", "***")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BayeuxError("what s3cr3t"), 1),
        (SessionEndedError("what s3cr3t"), 1),
        (ExtensionLoadError("what s3cr3t", extension="x"), 1),
        (InvalidChannelError("/x", "what s3cr3t"), 2),
        (ExtensionOptionError("what s3cr3t", extension="x", option="y"), 2),
        (OSError("what s3cr3t"), 1),
        (Failure("what ***"), 1),
        (WrongUsage("what ***"), 2),
    ],
)
def test_an_expected_error_is_one_line_and_a_code(error: Exception, code: int) -> None:
    with pytest.raises(click.ClickException, match=r"what \*\*\*$") as caught, exit_on_error(_mask):
        raise error
    assert caught.value.exit_code == code


def test_a_text_of_the_server_stays_one_line() -> None:
    assert Failure("refused\n\x1b[2J").message == "refused\\n\\x1b[2J"


def test_an_interruption_is_a_code_without_words() -> None:
    with pytest.raises(click.exceptions.Exit) as caught, exit_on_error(_mask):
        raise KeyboardInterrupt
    assert caught.value.exit_code == 130


def test_a_mistake_in_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), exit_on_error(_mask):
        raise ZeroDivisionError
