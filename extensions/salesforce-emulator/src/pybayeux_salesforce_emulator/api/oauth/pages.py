"""The pages of the login in a browser: the form to log in and consent, the form for a device's code, and messages.

Owns their HTML. What a form means is decided in `authorize.py`.
"""

from __future__ import annotations

from html import escape
from typing import Final

from starlette.responses import HTMLResponse, Response

__all__ = ("form_page", "message_page")

_FRAME: Final = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>Salesforce emulator</title>
<style>
  :root {{ color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }}
  body {{ max-width: 24rem; margin: 3rem auto; padding: 0 1rem }}
  label, input {{ display: block; width: 100%; box-sizing: border-box; font: inherit }}
  input {{ margin-bottom: 1rem; padding: .4rem }}
  button {{ font: inherit; padding: .4rem 1rem; margin-right: .5rem }}
</style>
<h1>{title}</h1>
{content}
"""
_FORM: Final = """\
{problem}<form method="post">
{code}<label for="username">Username</label>
<input id="username" name="username" autocomplete="off" value="{username}" required>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="off">
<p>The app <b>{app}</b> asks for: {scope}</p>
<button id="allow" name="decision" value="allow">Allow</button>
<button id="deny" name="decision" value="deny">Deny</button>
</form>
"""
_CODE: Final = """\
<label for="user_code">Code</label>
<input id="user_code" name="user_code" autocomplete="off" value="{}" required>
"""


def form_page(
    *, app: str, scope: str | None, username: str = "", user_code: str | None = None, problem: str = ""
) -> Response:
    """The form to log in and consent.

    Args:
        app: What the page calls the app.
        scope: The requested scopes. None: all that the app has.
        username: The username that was typed before.
        user_code: The code of a device, typed or empty. None: the form is for a browser's own login.
        problem: What was wrong with the last attempt.
    """
    content = _FORM.format(
        problem=f'<p id="problem" role="alert">{escape(problem)}</p>\n' if problem else "",
        code="" if user_code is None else _CODE.format(escape(user_code)),
        username=escape(username),
        app=escape(app),
        scope=escape(scope or "all that it may"),
    )
    return _page("Log In", content)


def message_page(title: str, text: str, status: int = 200) -> Response:
    """A page with nothing but a text."""
    return _page(title, f'<p id="message">{escape(text)}</p>', status)


def _page(title: str, content: str, status: int = 200) -> Response:
    # As a real login page, it can be put into no frame, where a click could be stolen.
    headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
    return HTMLResponse(_FRAME.format(title=escape(title), content=content), status, headers)
