"""A `Reporter` whose reports can be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux._client.config import ClientConfig
from pybayeux._client.reporter import Reporter
from pybayeux._util.redact import Redactor

if TYPE_CHECKING:
    from pybayeux.errors import BayeuxError

__all__ = ("RecordingReporter",)


class RecordingReporter(Reporter):
    """Reports as usual, and keeps what was reported.

    Attributes:
        errors: The errors reported, in order.
    """

    def __init__(self) -> None:
        super().__init__(ClientConfig(url="http://test/"), Redactor())
        self.errors: list[BayeuxError] = []
        self.observer = self

    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)
