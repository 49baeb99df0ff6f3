"""The audit of the installed packages: ``uv run python -m tests.support.audit``.

Asks the advisory database of PyPI, by pip-audit. A known vulnerability is a failure. A database that cannot be reached,
or that does not know the packages, is none, since it says nothing about them; then the output says so loudly.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Audit", "audit", "read_report")

_COMMAND: Final = (
    *("uv", "tool", "run", "pip-audit>=2.10,<3", "--format", "json", "--progress-spinner", "off", "--skip-editable"),
    *("--timeout", "10", "--path", sysconfig.get_path("purelib")),
)
_LIMIT: Final = 300
_SHOWN: Final = 500


@dataclass
class Audit:
    """What is known of the installed packages.

    Attributes:
        audited: How many packages the database knows.
        unknown: The packages that it does not.
        vulnerabilities: One line for each vulnerability.
        failure: Why there was no answer at all, or None.
    """

    audited: int = 0
    unknown: list[str] = field(default_factory=list)
    vulnerabilities: list[str] = field(default_factory=list)
    failure: str | None = None

    def __str__(self) -> str:
        lines = [*self.vulnerabilities]
        if self.failure is not None:
            lines.append(f"NOT AUDITED: the advisory database could not be asked: {self.failure}")
        elif self.unknown:
            names = ", ".join(self.unknown)
            lines.append(f"NOT AUDITED: {len(self.unknown)} packages that the advisory database did not know: {names}")
        lines.append(f"{self.audited} packages audited, {len(self.vulnerabilities)} known vulnerabilities.")
        return "\n".join(lines)


def read_report(text: str) -> Audit:
    """Read the JSON of pip-audit.

    Raises:
        ValueError: It is none.
    """
    dependencies: list[dict[str, Any]] = json.loads(text)["dependencies"]
    found = Audit()
    for each in dependencies:
        if "skip_reason" in each:
            if "editable" not in each["skip_reason"]:  # those are the packages of this workspace
                found.unknown.append(each["name"])
            continue
        found.audited += 1
        for known in each["vulns"]:
            fixed = ", ".join(known.get("fix_versions", ())) or "no version yet"
            found.vulnerabilities.append(f"{each['name']} {each['version']}: {known['id']}, fixed in {fixed}")
    return found


def audit(run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run) -> Audit:
    """Audit the packages of this environment.

    Args:
        run: Runs a command, as `subprocess.run` does.
    """
    try:
        done = run(_COMMAND, capture_output=True, text=True, check=False, timeout=_LIMIT)
        return read_report(done.stdout)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Audit(failure=str(error))
    except (ValueError, LookupError, TypeError):
        return Audit(failure=done.stderr.strip()[-_SHOWN:] or f"pip-audit wrote {done.stdout[:_SHOWN]!r}")


if __name__ == "__main__":
    result = audit()
    sys.stdout.write(f"{result}\n")
    sys.exit(1 if result.vulnerabilities else 0)
