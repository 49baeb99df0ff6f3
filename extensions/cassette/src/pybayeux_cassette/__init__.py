"""pybayeux-cassette: a stream with its timing in a file, recorded without secrets, and played back.

One idea per module:

- `lines` the format: the lines of a cassette
- `redaction` what is removed from events, or replaced
- `recorder` writing a cassette
- `reading` reading one
- `playing` the pace of a playback
- `targets`, `salesforce` where events are played to
- `actions` calls of a server's methods, in this process or over HTTP
- `record_command`, `play_command` the commands
- `pytest_plugin`, `servers` the fixture, and the servers that play

The pytest plugin imports this package in every test run, so each name is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import lazy_names

if TYPE_CHECKING:
    from .lines import CassetteError as CassetteError
    from .lines import Header as Header
    from .lines import RecordedEvent as RecordedEvent
    from .lines import RecordedState as RecordedState
    from .playing import Target as Target
    from .playing import play as play
    from .reading import Cassette as Cassette
    from .reading import read_cassette as read_cassette
    from .recorder import Recorder as Recorder
    from .redaction import Redaction as Redaction
    from .salesforce import OrgTarget as OrgTarget
    from .servers import CassetteServer as CassetteServer
    from .targets import DevServerTarget as DevServerTarget

__all__ = (
    "Cassette",
    "CassetteError",
    "CassetteServer",
    "DevServerTarget",
    "Header",
    "OrgTarget",
    "RecordedEvent",
    "RecordedState",
    "Recorder",
    "Redaction",
    "Target",
    "play",
    "read_cassette",
)

if not TYPE_CHECKING:  # the pytest plugin imports this package
    __getattr__ = lazy_names(
        __name__,
        {
            "lines": "CassetteError Header RecordedEvent RecordedState",
            "playing": "Target play",
            "reading": "Cassette read_cassette",
            "recorder": "Recorder",
            "redaction": "Redaction",
            "salesforce": "OrgTarget",
            "servers": "CassetteServer",
            "targets": "DevServerTarget",
        },
    )


def __dir__() -> tuple[str, ...]:
    return __all__
