"""`Recorder`: writes the events of a client into a cassette as they come.

Owns the file. Each line is written at once and whole, so that a kill leaves a file that can be read. What a line must
not contain is decided in `redaction`.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import msgspec

from pybayeux import hookimpl
from pybayeux.errors import UsageError

from .lines import STATES, VERSION, CassetteError, Header, RecordedEvent, RecordedState, encode_line
from .redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from pybayeux import ConnectionState, HookClient, Message

    from .lines import Record

__all__ = ("Recorder",)

T = TypeVar("T")


class Recorder:
    """Writes a cassette, from entering its block to leaving it.

    ::

        recorder = Recorder("night.jsonl", ["/orders"], redaction=Redaction(redact=["Email"]))
        async with AsyncClient(url, extensions=[recorder]) as client:
            with recorder:
                async for event in await client.subscribe("/orders"):
                    recorder.write(event)

    It is an extension, too: as one it records when the connection or the session was lost, and knows the credentials of
    the client, which are masked wherever they are in an event. Without a client it knows secrets by their names alone.

    Args:
        path: The file. Its owner alone may read it.
        channels: What is subscribed to, for the header.
        redaction: What is removed or replaced.
        overwrite: Replace a file that exists.
        clock: Returns seconds, for the offsets.

    Attributes:
        path: The file.
        redaction: What is removed or replaced.
        events: How many events were written.
        size: How many bytes were written.
    """

    name: Final = "cassette"

    def __init__(
        self,
        path: str | os.PathLike[str],
        channels: Iterable[str] = (),
        *,
        redaction: Redaction | None = None,
        overwrite: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path: Final = Path(path)
        self.redaction: Final = Redaction() if redaction is None else redaction
        self.events: int = 0
        self.size: int = 0
        self._channels: Final = tuple(map(str, channels))
        self._overwrite: Final = overwrite
        self._clock: Final = clock
        self._began = 0.0
        self._clean: Callable[[str], str] = str
        self._descriptor: int | None = None
        self._turn: Final = Lock()  # a synchronous client's hooks run in another thread than its receivers

    @property
    def seconds(self) -> float:
        """Seconds since the start of the recording."""
        return self._clock() - self._began

    def __enter__(self) -> Self:
        """Create the file and write the header.

        Raises:
            UsageError: The file exists already.
            OSError: It cannot be written.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if self._overwrite else os.O_EXCL)
        try:
            self._descriptor = os.open(self.path, flags, 0o600)
        except FileExistsError:
            raise UsageError(
                f"{self.path} exists already; expected the name of a new file, or overwrite=True"
            ) from None
        self._began = self._clock()
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._write(
            Header(
                bayeux_cassette=VERSION,
                recorded_at=now,
                channels=self._channels,
                redacted=self.redaction.redacted,
                removed=self.redaction.removed,
            )
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._turn:
            descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):  # a pipe or a device has nothing to wait for
                os.fsync(descriptor)
            os.close(descriptor)

    def write(self, event: Message) -> None:
        """Write an event. When this returns, the file has it.

        Raises:
            CassetteError: The data is not JSON, or nested too deeply. Others can be written after it.
            UsageError: The recording has not started or is over.
            OSError: The file cannot be written.
        """
        try:
            data = self.redaction(msgspec.json.decode(event.raw_data), clean=self._clean)
            ext = None if event.ext is None else self.redaction(event.ext, "ext", clean=self._clean)
        except (TypeError, ValueError, RecursionError) as error:
            raise CassetteError(f"{event.channel}: the data cannot be recorded: {error}") from None
        with self._turn:
            self._write(
                RecordedEvent(
                    at=self._offset(),
                    channel=self._clean(event.channel).replace("***", "redacted"),  # no mask: that would be a pattern
                    data=data,
                    replay_id=_stamp(data, "replayId", int),
                    event_id=_stamp(data, "EventUuid", str),
                    ext=ext,
                )
            )
            self.events += 1

    @hookimpl
    def registered(self, client: HookClient) -> None:
        """Learn the credentials of a client."""
        # A mask may be longer than what it hides.
        self._clean = lambda text: client.redact(text, limit=4 * len(text) + 100)

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        """Record that the connection or the session was lost, or is there again."""
        with self._turn:
            if self._descriptor is not None and new.value in STATES:
                self._write(RecordedState(at=self._offset(), state=new.value))

    def _offset(self) -> float:
        return round(self.seconds, 6)

    def _write(self, line: Header | Record) -> None:
        if self._descriptor is None:
            raise UsageError(f"{self.path}: nothing is recorded before the recorder's block, and after it")
        content = encode_line(line)
        left = memoryview(content)
        while left:
            left = left[os.write(self._descriptor, left) :]
        self.size += len(content)


def _stamp(data: Any, member: str, kind: type[T]) -> T | None:
    """A member of ``data.event``, as it is recorded: redacted, it is no id any more."""
    stamp = data.get("event") if isinstance(data, dict) else None
    found = stamp.get(member) if isinstance(stamp, dict) else None
    return found if type(found) is kind else None
