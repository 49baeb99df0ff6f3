"""Authentication with ServiceNow's message bus (AMB): sends the headers of a login and renews it when it has ended.

def login() -> dict[str, str]:
    return {"Cookie": "JSESSIONID=...; glide_session_store=...", "X-UserToken": "..."}

AsyncClient("https://acme.service-now.com/amb", extensions=[ServiceNow(login)])
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from pybayeux import Advice, Channel, HookClient, Message, TransportRequest, hookimpl


class ServiceNow:
    """Sends the headers of a login. Logs in again when it has ended, and ends the session if that does not help.

    Args:
        login: Returns the headers. Called in a thread, and called again when the login has ended.
    """

    def __init__(self, login: Callable[[], dict[str, str]]) -> None:
        self._login = login
        self._headers: dict[str, str] = {}
        self._renewed = False
        self._active = True

    @hookimpl
    async def request(self, request: TransportRequest, client: HookClient) -> None:
        if urlsplit(request.url).netloc != urlsplit(client.url).netloc:
            return  # another server, advised by this one: do not send it the login
        self._headers = self._headers or await asyncio.to_thread(self._login)
        request.headers.update(self._headers)

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> None:
        ext = message.ext or {}
        self._active = self._active and ext.get("glide.amb.active") is not False
        if str(ext.get("glide.amb.reply.status.code")) == "403":  # `successful` may be true all the same
            _refuse(message, f"403::{ext.get('glide.amb.reply.status.message', 'refused')}")
        if message.channel == Channel.META_CONNECT and message.successful:
            self._connected(message, str(ext.get("glide.session.status")), client)

    def _connected(self, message: Message, status: str, client: HookClient) -> None:
        if not self._active:
            _refuse(message, "403::the server has turned off its message bus", Advice(reconnect="none"))
        elif status == "session.logged.in":
            self._renewed = False
        elif status in ("session.logged.out", "session.invalidated") and self._renewed:
            _refuse(message, f"401::{status}, even after a new login", Advice(reconnect="none"))
        elif status in ("session.logged.out", "session.invalidated"):
            self._headers, self._renewed = {}, True
            client.rehandshake(status)


def _refuse(message: Message, error: str, advice: Advice | None = None) -> None:
    message.successful, message.error, message.advice = False, error, advice
