from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux._util.text import Utf8Stream, is_utf8, to_utf8

TEXT = '[{"name":"caf\xe9 \u20ac \U0001f600"}]'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("charset", [None, "UTF-8", "iso-8859-1"])
def test_a_byte_order_mark_is_believed(encoding: str, charset: str | None) -> None:
    if encoding == "utf-8" and charset == "iso-8859-1":
        return
    assert to_utf8(TEXT.encode(encoding), charset) == TEXT.encode()


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE])
def test_the_other_end_may_come_first(mark: bytes) -> None:
    encoding = "utf-16-be" if len(mark) == 2 else "utf-32-be"
    assert to_utf8(mark + TEXT.encode(encoding)) == TEXT.encode()


@pytest.mark.parametrize("charset", ["ISO-8859-1", '"iso-8859-1"', "windows-1252", " latin1 "])
def test_a_declared_charset_is_believed(charset: str) -> None:
    assert to_utf8(b'"caf\xe9"', charset) == '"caf\xe9"'.encode()


@pytest.mark.parametrize("charset", ["shift_jis", "utf-16-le", "big5"])
def test_any_charset_of_text(charset: str) -> None:
    assert to_utf8('"\u4e2d"'.encode(charset), charset) == '"\u4e2d"'.encode()


@pytest.mark.parametrize("charset", ["x-unknown", "", "base64", "zlib", "a\0b", "us-ascii", "utf8", None])
def test_what_is_unknown_or_none_changes_nothing(charset: str | None) -> None:
    text = '"\xe9"'.encode()
    assert to_utf8(text, charset) is text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "iso-8859-1"])
@pytest.mark.parametrize("charset", [None, "UTF-8", "iso-8859-1", "x-unknown"])
def test_the_beginning_says_whether_something_is_to_be_done(encoding: str, charset: str | None) -> None:
    marked = encoding not in ("utf-8", "iso-8859-1")
    assert is_utf8('"caf\xe9"'.encode(encoding)[:4], charset) == (not marked and charset != "iso-8859-1")


def test_a_text_that_is_not_in_its_charset_stays_as_it_came() -> None:
    assert to_utf8(b"\xff\x80", "shift_jis") == b"\xff\x80"


# The mark of UTF-16 and a NUL are the mark of UTF-32.
@given(
    st.text(min_size=1).filter(lambda text: text[0] != "\0"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.integers(1, 7),
)
def test_pieces_make_the_same_text(text: str, encoding: str, size: int) -> None:
    content = text.encode(encoding)
    stream = Utf8Stream()
    pieces = [stream.feed(content[start : start + size]) for start in range(0, len(content), size)]
    assert b"".join([*pieces, stream.feed(b"", final=True)]) == to_utf8(content)


def test_what_is_no_mark_is_not_held_back() -> None:
    assert Utf8Stream().feed(b"1\n") == b"1\n"
