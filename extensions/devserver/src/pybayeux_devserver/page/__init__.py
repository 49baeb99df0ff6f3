"""The page at ``/``: a server's sessions, channels and messages, a form to publish, and a button for each fault.

Owns serving the page, which is one file. Everything that it shows and does is a request to the control interface, which
refuses pages of other origins.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ("page_route",)

_INLINE: Final = re.compile(r"<(?P<kind>script|style)>(?P<text>.*?)</(?P=kind)>", re.DOTALL)


def page_route() -> Route:
    """The route of the page."""

    async def answer(_request: Request) -> Response:
        page, headers = _page()
        return HTMLResponse(page, headers=headers)

    return Route("/", answer, methods=["GET"])


@cache
def _page() -> tuple[str, dict[str, str]]:
    """The page and its headers.

    The page shows what clients of any origin have sent: the policy lets nothing run but the page's own script, and no
    other page may frame it, where a click could be led to one of its buttons.
    """
    page = files(__name__).joinpath("page.html").read_text(encoding="utf-8")
    hashes = {found["kind"]: _hash(found["text"]) for found in _INLINE.finditer(page)}
    policy = (
        f"default-src 'none'; script-src '{hashes['script']}'; style-src '{hashes['style']}'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return page, {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
