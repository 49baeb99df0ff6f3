"""Logs in to the message bus of ServiceNow (AMB), and minds what it says of the login.

def login() -> dict[str, str]:
    return {"Cookie": "JSESSIONID=...; glide_session_store=...", "X-UserToken": "..."}

AsyncClient("https://acme.service-now.com/amb", extensions=[ServiceNow(login)])
"""

import asyncio
from collections.abc import Callable
from urllib.parse import urlsplit

from pybayeux import Advice, Channel, HookClient, Message, TransportRequest, hookimpl


class ServiceNow:
    """Sends the headers of a login; logs in again when it is over, and ends where that does not help.

    Args:
        login: Gives the headers, in a thread of its own. It is asked again when a login is over.
    """

    def __init__(self, login: Callable[[], dict[str, str]]) -> None:
        self._login = login
        self._headers: dict[str, str] = {}
        self._renewed = False
        self._active = True

    @hookimpl
    async def request(self, request: TransportRequest, client: HookClient) -> None:
        if urlsplit(request.url).netloc != urlsplit(client.url).netloc:
            return  # another server, that this one advised: the login is not for it
        self._headers = self._headers or await asyncio.to_thread(self._login)
        request.headers.update(self._headers)

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> None:
        ext = message.ext or {}
        self._active = self._active and ext.get("glide.amb.active") is not False
        if str(ext.get("glide.amb.reply.status.code")) == "403":  # whatever `successful` says
            _refuse(message, f"403::{ext.get('glide.amb.reply.status.message', 'refused')}")
        if message.channel == Channel.META_CONNECT and message.successful:
            self._connected(message, str(ext.get("glide.session.status")), client)

    def _connected(self, message: Message, status: str, client: HookClient) -> None:
        if not self._active:
            _refuse(message, "403::the server has turned its message bus off", Advice(reconnect="none"))
        elif status == "session.logged.in":
            self._renewed = False
        elif status in ("session.logged.out", "session.invalidated") and self._renewed:
            _refuse(message, f"401::{status}, also after a new login", Advice(reconnect="none"))
        elif status in ("session.logged.out", "session.invalidated"):
            self._headers, self._renewed = {}, True
            client.rehandshake(status)


def _refuse(message: Message, error: str, advice: Advice | None = None) -> None:
    message.successful, message.error, message.advice = False, error, advice
