"""Every sub-command that the packages of this project have: its help teaches, and all use the same words."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import click
import pytest

from pybayeux.cli import main
from pybayeux.cli.lazy_command import LazyCommand

if TYPE_CHECKING:
    from collections.abc import Iterator


class Command(NamedTuple):
    path: tuple[str, ...]
    command: click.Command

    def __str__(self) -> str:
        return " ".join(self.path)

    @property
    def help(self) -> str:
        """What ``--help`` prints."""
        context = click.Context(self.command, info_name=str(self))
        return self.command.get_help(context)

    @property
    def options(self) -> list[click.Option]:
        return [each for each in self.command.params if isinstance(each, click.Option)]


def walk(command: click.Command, path: tuple[str, ...] = ("pybayeux",)) -> Iterator[Command]:
    """A command and those below it."""
    command = command.load() if isinstance(command, LazyCommand) else command
    yield Command(path, command)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, (*path, name))


COMMANDS = list(walk(main))
EACH = pytest.mark.parametrize("command", COMMANDS, ids=str)


def test_the_commands_of_every_package_are_among_them() -> None:
    names = {str(each) for each in COMMANDS}
    assert {"pybayeux listen", "pybayeux serve", "pybayeux replay dead-letters list", "pybayeux auth test"} <= names


@EACH
def test_its_help_has_an_example_of_it(command: Command) -> None:
    examples = command.help.partition("Examples:")[2].splitlines()
    words = ".*".join(rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in command.path)
    assert any(re.search(words, line) for line in examples), command.help


@EACH
def test_its_sentences_end(command: Command) -> None:
    own = command.command
    assert own.get_short_help_str(200).endswith("."), "the line in the list of commands"
    assert (own.help or "").strip().endswith((".", "--help")), "the help"
    for option in command.options:
        text = re.sub(r"\s*\[default: .*\]$", "", option.help or "")
        assert re.match(r"[A-Z].*\.$", text), f"{option.opts}: {option.help}"


@EACH
def test_its_options_say_what_they_take(command: Command) -> None:
    """A word such as SECONDS, not click's name of a type."""
    for option in command.options:
        if option.is_flag or option.count or isinstance(option.type, click.Choice):
            continue
        assert option.metavar, f"{option.opts} has no metavar"


def test_one_option_is_one_thing_everywhere() -> None:
    """The same name has the same metavar; what is shared has the same text, too."""
    metavars, texts = defaultdict(set), defaultdict(set)
    for command in COMMANDS:
        for option in command.options:
            name = max(option.opts, key=len)
            metavars[name].add(None if isinstance(option.type, click.Choice) else option.metavar)
            texts[name].add(option.help)
    assert {name: found for name, found in metavars.items() if len(found - {None}) > 1} == {"--to": {"TARGET", "TIME"}}
    for name in ("-x", "-p", "-H", "--yes", "--help", "--trace"):
        assert len(texts.get(name, ())) <= 1, texts[name]
    assert all(text and text.startswith("Write ") for text in texts["--json"]), texts["--json"]


@EACH
def test_what_may_be_repeated_says_so(command: Command) -> None:
    for option in command.options:
        if option.multiple:
            assert re.search(r"May be given several times|If given several times", option.help or ""), option.opts


@EACH
def test_seconds_are_called_so(command: Command) -> None:
    for option in command.options:
        if re.search(r"timeout|interval|delay|seconds", option.opts[0]):
            assert option.metavar == "SECONDS", option.opts


WITHOUT_JSON = {
    "pybayeux completion": "it writes a script for a shell",
    "pybayeux demo": "it is a view for a person, and runs until it is stopped",
    "pybayeux play": "it serves or publishes events, and logs how far it is",
    "pybayeux publish": "its output, the replies, is lines of JSON always",
    "pybayeux record": "it writes a file of JSON lines, and logs how far it is",
    "pybayeux replay export": "its output is JSON always",
    "pybayeux salesforce types": "it writes source in Python",
    "pybayeux serve": "it is a server, and runs until it is stopped",
}
"""The commands that have no result to write as JSON, and why."""


@EACH
def test_it_writes_its_result_as_json_for_scripts(command: Command) -> None:
    if isinstance(command.command, click.Group):
        return  # it shows its help
    has_json = "--json" in {name for option in command.options for name in option.opts}
    assert has_json is (str(command) not in WITHOUT_JSON)


def test_what_has_no_json_is_a_command() -> None:
    assert {str(each) for each in COMMANDS} >= WITHOUT_JSON.keys()
