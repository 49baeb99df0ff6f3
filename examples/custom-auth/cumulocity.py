"""Shows Cumulocity who connects: the login goes with the handshake.

    AsyncClient("https://acme.cumulocity.com/notification/realtime", extensions=[Cumulocity("t123/jane", "secret")])

With the cookies of a browser's login, `headers=` gets them and this extension the `xsrf_token` alone.
"""

from base64 import b64encode

from pybayeux import Channel, Message, hookimpl


class Cumulocity:
    """Puts the login into the `ext` of handshakes.

    Args:
        user: Tenant and name, as in "t123/jane". Without the tenant Cumulocity may take another one.
        password: The password.
        tfa: The code of a second factor.
        xsrf_token: The token against forged requests that goes with login cookies.

    Raises:
        ValueError: The user has no tenant.
    """

    def __init__(
        self, user: str = "", password: str = "", tfa: str | None = None, xsrf_token: str | None = None
    ) -> None:
        if user and "/" not in user:
            raise ValueError(f"user {user!r} has no tenant before it, as in 't123/jane'")
        token = b64encode(f"{user}:{password}".encode()).decode() if user else None
        login = {"token": token, "tfa": tfa, "xsrfToken": xsrf_token}
        self._login = {name: value for name, value in login.items() if value is not None}

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_HANDSHAKE:
            message.ext = {**(message.ext or {}), "com.cumulocity.authn": self._login}
