from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from pybayeux.cli import main
from pybayeux.cli.arguments import CliOptions
from pybayeux.cli.options import server_options, service_options
from pybayeux.cli.server import Server

if TYPE_CHECKING:
    from core.tests.extensions.packages import Packages

URL = "http://127.0.0.1:9/cometd"


def _server(*arguments: str) -> Server:
    """What a command with the shared options gets."""
    got: list[Any] = []

    @click.command
    @server_options
    @click.argument("rest")
    def command(server: Server, rest: str) -> None:
        got.extend((server, rest))

    result = CliRunner().invoke(command, [URL, *arguments, "rest"])
    assert result.exit_code == 0, result.output
    server, rest = got
    assert isinstance(server, Server)
    assert rest == "rest"
    return server


def _refused(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.stderr


def test_there_are_defaults() -> None:
    server = _server()
    assert server == Server(URL, server.cli_options, headers={}, transports=None, timeout=30, max_network_delay=10)


def test_all_can_be_given() -> None:
    server = _server(
        *("-H", "X-Tenant: acme", "-H", "Authorization:Bearer abcdef", "--transport", "a", "--transport", "b"),
        *("--timeout", "0", "--max-network-delay", "1.5", "-x", "auth.token=abc", "-p", "no:ack", "-q", "-v"),
    )
    expected = {"X-Tenant": "acme", "Authorization": "Bearer abcdef"}
    assert server == Server(URL, server.cli_options, expected, ("a", "b"), timeout=None, max_network_delay=1.5)
    assert server.cli_options.options() == {"auth": {"token": "abc"}}
    assert server.cli_options.disabled == ["ack"]
    assert server.cli_options.redact("abcdef") == "***"


@pytest.mark.parametrize("header", ["s3cr3t", "a b: s3cr3t", ": s3cr3t", "X: s3cr3t\r\nY: z", "ü: s3cr3t"])
def test_a_wrong_header_is_refused_and_not_shown(header: str) -> None:
    output = _refused("listen", "-H", header, URL, "/a")
    assert "expected 'Name: value'" in output
    assert "s3cr3t" not in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("-x", "s3cr3t"), "expected extension.option=value"),
        (("-p", "ack"), "expected no:name"),
        (("--timeout", "-1"), "is not in the range"),
        (("--max-network-delay", "0"), "is not in the range"),
        (("--transport", "pigeon"), "expected some of"),
        (("--log-format", "xml"), "is not one of"),
        (("--grace", "0"), "is not in the range"),
        (("--health-port", "99999"), "is not in the range"),
        (("-x", "nothing.token=s3cr3t"), "there is no such extension"),
    ],
)
def test_other_wrong_usage_is_shown(arguments: tuple[str, ...], words: str, packages: Packages) -> None:
    output = _refused("listen", *arguments, URL, "/a")
    assert words in output
    assert "s3cr3t" not in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Missing argument 'URL'"),
        ((URL,), "Missing argument 'CHANNEL"),
        ((URL, "orders"), "channel 'orders'"),
        ((URL, "/a/**/b"), "channel '/a/**/b'"),
        ((URL, "/meta/connect"), "meta channels"),
        (("ftp://host/", "/a"), "url: expected the address of a server, such as https://host/cometd; got ftp://…"),
        (("host/cometd", "/a"), "such as https://host/cometd; got an address without a scheme"),
        (("http://user:s3cr3t@host:x/", "/a"), "url: "),
        ((URL, "/a", "--count", "0"), "is not in the range"),
        ((URL, "/a", "--since", "yesterday"), "neither 'latest' nor 'earliest' nor a replay id"),
        ((URL, "/a", "--since", "earliest"), "'replay', which is not installed: pip install pybayeux-replay"),
    ],
)
def test_wrong_usage_of_listen_is_shown(arguments: tuple[str, ...], words: str, packages: Packages) -> None:
    output = _refused("listen", *arguments)
    assert words in output
    assert "s3cr3t" not in output


def test_since_without_replay_is_told_once(packages: Packages) -> None:
    assert "options were given for extension" not in _refused("listen", URL, "/a", "--since", "earliest")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((URL,), "Missing argument 'CHANNEL'"),
        ((URL, "/a/*", "1"), "not to a pattern"),
        ((URL, "/meta/connect", "1"), "channel '/meta/connect'"),
        (
            (URL, "/a", "hello"),
            """the value is not JSON: JSON is malformed: invalid character (byte 0); a string needs""",
        ),
        ((URL, "/a", ""), "the value is not JSON"),
        ((URL, "/a", "\udcff"), "the value is not JSON"),
        ((URL, "/a", "1", "2"), "unexpected extra argument"),
    ],
)
def test_wrong_usage_of_publish_is_shown(arguments: tuple[str, ...], words: str, packages: Packages) -> None:
    assert words in _refused("publish", *arguments)


@pytest.mark.parametrize(
    ("option", "words"), [("-pno:replay", "which is disabled\n"), ("-xreplay.size=s3cr3t", "which is broken: ")]
)
def test_since_needs_the_extension_to_take_part(option: str, words: str, packages: Packages) -> None:
    source = (
        "class Replay:\n def __init__(self, since: str = '', size: int = 0): ...\n @hookimpl\n def incoming(self): ..."
    )
    packages.add("replay-dist", {"replay": "replay_module:Replay"}, replay_module=source)
    output = _refused("listen", "--since", "17", option, URL, "/a")
    assert words in output
    assert "s3cr3t" not in output


def test_a_command_that_runs_until_a_signal_has_more_options() -> None:
    got: list[Server] = []

    @click.command
    @server_options
    @service_options
    def command(server: Server) -> None:
        got.append(server)

    for arguments in ((), ("--health-port", "8081", "--health-host", "::", "--grace", "2.5")):
        assert CliRunner().invoke(command, [URL, *arguments]).exit_code == 0
    assert [(each.health_port, each.health_host, each.grace) for each in got] == [
        (None, "127.0.0.1", 8.0),
        (8081, "::", 2.5),
    ]


def test_the_context_keeps_what_was_given() -> None:
    context = click.Context(main)
    assert context.ensure_object(CliOptions) is context.ensure_object(CliOptions)


def test_only_the_named_extensions_are_used(packages: Packages) -> None:
    for name in ("ack", "auth", "replay"):
        packages.add(name, {name: "some_module"}, some_module="@hookimpl\ndef incoming(message): ...")

    def states(*arguments: str) -> dict[str, str]:
        result = CliRunner().invoke(main, ["extensions", "--json", *arguments])
        return {each["name"]: each["state"] for each in json.loads(result.stdout)}

    assert states("-p", "only:ack", "-p", "only:replay") == {"ack": "active", "auth": "disabled", "replay": "active"}
    assert states("-p", "only:ack", "-p", "no:ack") == dict.fromkeys(("ack", "auth", "replay"), "disabled")
    assert states() == dict.fromkeys(("ack", "auth", "replay"), "active")


def test_the_address_may_be_an_option_that_is_missing() -> None:
    got: list[Any] = []

    @click.command
    @partial(server_options, address=click.option("--to", "url"))
    def command(server: Server | None) -> None:
        got.append(server)

    assert CliRunner().invoke(command, ["--to", URL]).exit_code == 0
    assert CliRunner().invoke(command, []).exit_code == 0
    assert [server.url if server else None for server in got] == [URL, None]
