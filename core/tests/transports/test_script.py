from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tests.strategies import messages
from pybayeux import Message, decode, encode
from pybayeux.errors import MessageDecodeError
from pybayeux.transports.callback_polling import unwrap_script


@pytest.mark.parametrize(
    "script",
    [
        b"jsonpcallback([1]);",
        b"jsonpcallback([1])",
        b"/**/jsonpcallback([1]);",
        b"/* (a comment) */ \n /**/ cb ( [1] ) ; \r\n",
        b"org.cometd.cb_7$([1])\n",
        b"  cb([1]);;",
        b"[1]",
        b" \n[1]\t",
    ],
)
def test_every_wrapper_comes_off(script: bytes) -> None:
    assert unwrap_script(script).strip() == b"[1]"


def test_a_bare_object_passes() -> None:
    assert unwrap_script(b' {"channel":"/a"} ') == b'{"channel":"/a"}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>(no);</html>",
        b"cb",
        b"cb(",
        b"cb([1]",
        b"cb[1])",
        b"([1])",
        b'"text"',
        b"alert(1); cb([1]) x",
        b"/* cb([1]);",
    ],
)
def test_what_is_no_script_with_messages_is_refused(body: bytes) -> None:
    with pytest.raises(MessageDecodeError, match="no script"):
        unwrap_script(body)


@pytest.mark.parametrize("part", [b"/**/", b"/* ", b" ", b"a", b"/**/ ", b"a(", b");", b") "])
def test_no_script_takes_longer_than_its_length_allows(part: bytes) -> None:
    # In more time than a test has, if the parts can be read in many ways.
    for body in (part * 20_000, b"cb(" + part * 20_000 + b"x"):
        with contextlib.suppress(MessageDecodeError):
            unwrap_script(body)


@given(
    st.lists(messages(), max_size=5),
    st.sampled_from(["cb", "a.b.c", "$_1"]),
    st.sampled_from(["", "/**/", "/* x */\n", " "]),
    st.sampled_from(["", ";", " ;\n"]),
)
def test_messages_come_out_as_they_went_in(batch: list[Message], name: str, before: str, after: str) -> None:
    json = encode(batch).decode().replace("\u2028", r"\u2028").replace("\u2029", r"\u2029")
    script = f"{before}{name}({json}){after}".encode()
    assert [encode([message]) for message in decode(unwrap_script(script))] == [
        encode([message]) for message in decode(encode(batch))
    ]


@given(st.binary(max_size=40) | st.text("cb([1]); /*", max_size=20).map(str.encode))
def test_no_body_breaks_anything(body: bytes) -> None:
    with contextlib.suppress(MessageDecodeError):
        unwrap_script(body)
