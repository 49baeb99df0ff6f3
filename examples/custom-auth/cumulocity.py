"""Authentication with Cumulocity: sends the credentials in `ext` of the handshake.

    AsyncClient("https://acme.cumulocity.com/notification/realtime", extensions=[Cumulocity("t123/jane", "secret")])

With the cookies of a browser login, pass them as `headers=`, and only `xsrf_token` to this extension.
"""

from base64 import b64encode

from pybayeux import Channel, Message, hookimpl


class Cumulocity:
    """Adds the credentials to the `ext` of handshakes.

    Args:
        user: Tenant and user name, as in "t123/jane". Without the tenant Cumulocity may assume another one.
        password: The password.
        tfa: The code of the second factor.
        xsrf_token: The XSRF token that belongs to the cookies of a browser login.

    Raises:
        ValueError: `user` has no tenant.
    """

    def __init__(
        self, user: str = "", password: str = "", tfa: str | None = None, xsrf_token: str | None = None
    ) -> None:
        if user and "/" not in user:
            raise ValueError(f"user: expected tenant and name, as in 't123/jane'; got {user!r}")
        token = b64encode(f"{user}:{password}".encode()).decode() if user else None
        credentials = {"token": token, "tfa": tfa, "xsrfToken": xsrf_token}
        self._credentials = {name: value for name, value in credentials.items() if value is not None}

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == Channel.META_HANDSHAKE:
            message.ext = {**(message.ext or {}), "com.cumulocity.authn": self._credentials}
