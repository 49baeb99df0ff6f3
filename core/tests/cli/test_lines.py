from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from pybayeux.cli.lines import lines

if TYPE_CHECKING:
    from typing import BinaryIO


async def _all(descriptor: int) -> list[list[bytes]]:
    return [together async for together in lines(descriptor)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", []),
        (b"a\nb\n", [b"a", b"b"]),
        (b"a\n\nb", [b"a", b"", b"b"]),
        (b"\xff\r\n", [b"\xff\r"]),
        (b"\xef\xbb\xbfa\r\nb\n", [b"a\r", b"b"]),
        ("a\n\u20ac\n".encode("utf-16"), [b"a", b"\xe2\x82\xac"]),
        (b"x" * 200_000 + b"\ny", [b"x" * 200_000, b"y"]),
    ],
)
def test_lines_are_read_to_the_end(
    content: bytes, expected: list[bytes], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("input") / "lines"
    path.write_bytes(content)
    with path.open("rb") as file:
        found = asyncio.run(_all(file.fileno()))
    assert [line for together in found for line in together] == expected


def test_lines_come_together_as_they_were_written() -> None:
    async def scenario(source: BinaryIO, target: BinaryIO) -> None:
        coming = lines(source.fileno())
        target.write(b"a\nb\nc")
        assert await anext(coming) == [b"a", b"b"]
        target.write(b"d\n")
        assert await anext(coming) == [b"cd"]
        target.write(b"e")
        target.close()
        assert [together async for together in coming] == [[b"e"]]

    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as source, open(writing, "wb", buffering=0) as target:
        asyncio.run(scenario(source, target))
