"""The login of the Salesforce CLI, ``sf``, for a developer's machine.

``sf org display`` renews the CLI's token and prints the URL of the org. Since May 2026 it hides the token, which
``sf org auth show-access-token`` prints.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import AuthError, LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError
from ..grant import Grant, base_url_of, checked_token, long_id
from .base import Flow

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("SfCliFlow",)

_DISPLAY: Final = ("org", "display")
_SHOW_TOKEN: Final = ("org", "auth", "show-access-token")
_ORG: Final = re.compile(r"[\w.@+][\w.@+-]*")
"""A user name or an alias; never something that a command line takes for an option."""
_ENVIRONMENT: Final = {"NO_COLOR": "1", "FORCE_COLOR": "0", "SF_AUTOUPDATE_DISABLE": "true"}
_PLACEHOLDER: Final = "[REDACTED]"
_MAX_MESSAGE: Final = 300


class SfCliFlow(Flow):
    """Gets the token of an org from ``sf``, which has to be logged in there.

    Args:
        org: The alias or user name of the org; None for the default org.
        command: The name or path of the program.
        timeout: Seconds that a call of the program may take.

    Raises:
        LoginMisconfiguredError: `org` is neither an alias nor a user name.
    """

    name: ClassVar[str] = "sf"

    def __init__(self, org: str | None = None, *, command: str = "sf", timeout: float = 60.0) -> None:
        if org is not None and _ORG.fullmatch(org) is None:
            raise LoginMisconfiguredError(f"org: expected an alias or a user name; got {org!r}")
        self._org: Final = org
        self._command: Final = command
        self._timeout: Final = timeout
        self._refused: str | None = None
        self._calls: Final = count()

    def __repr__(self) -> str:
        return f"SfCliFlow({self._org or 'the default org'})"

    async def __call__(self) -> Grant:
        """Get the token from the CLI."""
        shown = await self._run(*_DISPLAY)
        token = shown.get("accessToken")
        if not isinstance(token, str) or token.startswith(_PLACEHOLDER):
            token = (await self._run(*_SHOW_TOKEN)).get("accessToken")
        grant = self._grant(token, shown)
        if grant.access_token == self._refused:
            raise self._refusal(
                "it still returns the token that the server refused",
                f"connected status: {shown.get('connectedStatus')}",
            )
        return grant

    async def credentials(self) -> str:
        """Return another value each time: the user may have logged in meanwhile, and a call of the CLI locks no one
        out."""
        return str(next(self._calls))

    def refused(self, grant: Grant) -> None:
        """Note the token, to recognise it if the CLI returns it again."""
        self._refused = grant.access_token

    def _grant(self, token: object, shown: Mapping[str, Any]) -> Grant:
        try:
            checked = checked_token(token)
        except (TypeError, ValueError):
            raise self._refusal("it returned no token", f"connected status: {shown.get('connectedStatus')}") from None
        instance, org = shown.get("instanceUrl"), shown.get("id")
        return Grant(
            access_token=checked,
            instance_url=base_url_of(instance) if isinstance(instance, str) else None,
            org_id=long_id(org) if isinstance(org, str) else None,
        )

    async def _run(self, *words: str) -> Mapping[str, Any]:
        arguments = [*words, "--json", *(("--target-org", self._org) if self._org is not None else ())]
        # In a thread: subprocesses of asyncio do not work with every event loop, nor outside the main thread.
        code, output = await asyncio.to_thread(self._output, arguments)
        answer = _json(output)
        result = answer.get("result")
        if code == 0 and isinstance(result, dict):
            return result
        raise self._failure(" ".join(words), code, answer)

    def _output(self, arguments: list[str]) -> tuple[int, str]:
        program = shutil.which(self._command)
        if program is None:
            raise LoginMisconfiguredError(
                f"the command {self._command!r} was not found; install the Salesforce CLI, or use another flow"
            )
        try:
            done = subprocess.run(  # noqa: S603 - the user named the program; there is no shell
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._timeout,
                check=False,
                env=os.environ | _ENVIRONMENT,
            )
        except subprocess.TimeoutExpired:  # not as the cause, because its output contains the token
            raise LoginUnreachableError(self._where, f"no answer within {self._timeout:g} s") from None
        except OSError as error:
            raise LoginMisconfiguredError(f"{program} cannot be run: {error.strerror}") from error
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def _failure(self, command: str, code: int, answer: Mapping[str, Any]) -> AuthError:
        name, message = (" ".join(str(answer.get(each) or "").split()) for each in ("name", "message"))
        if not message:
            return LoginMisconfiguredError(f"sf {command}: expected JSON; it printed none and ended with code {code}")
        return self._refusal(name, message[:_MAX_MESSAGE])

    @property
    def _where(self) -> str:
        return f"the Salesforce CLI ({self._org or 'default org'})"

    def _refusal(self, error: str, description: str) -> LoginRefusedError:
        target = f" --target-org {self._org}" if self._org is not None else ""
        renew = f"sf org login web --alias {self._org}" if self._org is not None else "sf org login web --set-default"
        advice = f"log in again: {renew} (sf org display{target} shows its state)"
        return LoginRefusedError(self._where, error=error, description=description, advice=advice)


def _json(output: str) -> Mapping[str, Any]:
    """Return the JSON object in the output, which may have warnings around it; empty if there is none."""
    try:
        answer = json.loads(output[output.index("{") : output.rindex("}") + 1])
    except ValueError:  # not as the cause, because its text contains the token
        return {}
    return answer if isinstance(answer, dict) else {}
