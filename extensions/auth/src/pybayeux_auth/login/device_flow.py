"""The device flow (RFC 8628): a person logs in on another device, with a code. Also in Salesforce's dialect of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ..errors import LoginMisconfiguredError, LoginRefusedError, LoginUnreachableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from ..flows.app import App
    from ..flows.token_endpoint import TokenEndpoint
    from ..grant import Grant
    from .endpoints import Endpoints

__all__ = ("DeviceCodes", "log_in_with_device")

_GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
_SALESFORCE_GRANT_TYPE: Final = "device"
_INTERVAL: Final = 5.0
"""Seconds between two polls if the server says nothing (RFC 8628, section 3.2), and what ``slow_down`` adds."""
_LONGEST_INTERVAL: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceCodes:
    """The codes for a device and for the person who approves it.

    Attributes:
        device_code: The device's own code, a secret.
        user_code: The code that the person types.
        address: The address that the person opens.
        complete_address: The same with the code in it, or None.
        interval: Seconds between two polls.
        lifetime: Seconds that the codes are valid; None if the server does not say. Salesforce does not.
    """

    device_code: str = field(repr=False)
    user_code: str
    address: str
    complete_address: str | None
    interval: float
    lifetime: float | None


async def log_in_with_device(
    app: App,
    endpoint: TokenEndpoint,
    endpoints: Endpoints,
    *,
    scope: str | None,
    timeout: float,
    show: Callable[[DeviceCodes], None],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Grant:
    """Wait until a person has logged in on another device.

    Args:
        app: The app.
        endpoint: The token endpoint.
        endpoints: The endpoints of its server.
        scope: The scopes to request, separated by spaces; None for those that the server chooses.
        timeout: Seconds to wait, at most.
        show: Is called with the codes.
        sleep: Waits for some seconds.

    Raises:
        LoginRefusedError: The person or the server refused, or the code has expired.
        LoginUnreachableError: Nobody has logged in in time, or the server cannot answer now.
        LoginMisconfiguredError: The server has no such flow, or does not accept the request.
    """
    if endpoints.device is None:
        raise LoginMisconfiguredError(f"{endpoint.url.origin} has no device flow: log in without --device")
    fields = {"response_type": "device_code"} if endpoints.is_salesforce else {}
    codes = _codes(await endpoint.send(endpoints.device, app, purpose="device", scope=scope, **fields), endpoint)
    show(codes)
    limit = timeout if codes.lifetime is None else min(timeout, codes.lifetime)
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):  # a poll that is not answered counts too
            if (grant := await _wait(app, endpoint, codes, endpoints.is_salesforce, limit, sleep)) is not None:
                return grant
    raise LoginUnreachableError(
        endpoint.url.origin, f"nobody has logged in with the code {codes.user_code} within {limit:.0f} s"
    )


async def _wait(
    app: App,
    endpoint: TokenEndpoint,
    codes: DeviceCodes,
    is_salesforce: bool,
    limit: float,
    sleep: Callable[[float], Awaitable[None]],
) -> Grant | None:
    """Poll until there is a grant; None if there is none after `limit` seconds of waiting."""
    interval, waited = codes.interval, 0.0
    while waited + interval <= limit:
        await sleep(interval)
        waited += interval
        try:
            return await _poll(app, endpoint, codes, is_salesforce=is_salesforce)
        except LoginRefusedError as error:
            if error.error != "authorization_pending":
                raise
        except LoginUnreachableError as error:
            if not error.can_retry:
                raise
            # RFC 8628, section 3.5: five seconds more for good, and exponential backoff if the server does not answer.
            interval = interval + _INTERVAL if error.error == "slow_down" else min(2 * interval, _LONGEST_INTERVAL)
    return None


async def _poll(app: App, endpoint: TokenEndpoint, codes: DeviceCodes, *, is_salesforce: bool) -> Grant:
    if is_salesforce:
        return await endpoint.request_token(_SALESFORCE_GRANT_TYPE, app, code=codes.device_code)
    return await endpoint.request_token(_GRANT_TYPE, app, device_code=codes.device_code)


def _codes(answer: Mapping[str, Any], endpoint: TokenEndpoint) -> DeviceCodes:
    # Some servers write verification_url, as a draft of the RFC did.
    address = answer.get("verification_uri", answer.get("verification_url"))
    device_code, user_code = answer.get("device_code"), answer.get("user_code")
    if not (isinstance(device_code, str) and isinstance(user_code, str) and _is_address(address)):
        raise LoginMisconfiguredError(f"expected the codes of a device; {endpoint.url.origin} returned something else")
    complete = answer.get("verification_uri_complete")
    return DeviceCodes(
        device_code=device_code,
        user_code=user_code,
        address=str(address),
        complete_address=complete if _is_address(complete) else None,
        interval=_seconds(answer.get("interval")) or _INTERVAL,
        lifetime=_seconds(answer.get("expires_in")),
    )


def _is_address(url: object) -> bool:
    return isinstance(url, str) and urlsplit(url).scheme in ("http", "https")


def _seconds(value: object) -> float | None:
    """A number of seconds, which some servers send as text; None if it is none, or not above zero."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None
