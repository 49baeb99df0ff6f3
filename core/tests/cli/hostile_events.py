"""Events that would act on a terminal if they were written to it as they are."""

from __future__ import annotations

import re

__all__ = ("HOSTILE", "OBEYED")

OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys, and what shows a line other than it is."""

HOSTILE: dict[str, bytes] = {
    "raw escape": b'{"channel":"/a","data":"\x1b]0;title\x07"}',
    "raw escape on several lines": b'{"channel":"/a","data":{"a":\n"\x1b[2J"}}',
    "C1 and DEL": '{"channel":"/a","data":"\x9b31m\x7f"}'.encode(),
    "bidirectional": '{"channel":"/a","data":{"\u202ea":"\u2066"}}'.encode(),
    "other members": '{"channel":"/\x85a","data":1,"ext":{"\x9b":"\x9b"},"id":"\x9d","x":"\x9b"}'.encode(),
    "escaped escape": b'{"channel":"/\\u001b[31m","data":"\\u001b[31m","error":"\\u001b[31m"}',
    "nothing but an escape": b'{"channel":"/a","data":\x1b}',
    "NaN": b'{"channel":"/a","data":NaN}',
    "half of a surrogate pair": b'{"channel":"/a","data":"\\ud800"}',
    "line separators": '{"channel":"/a","data":"\u2028\u2029"}'.encode(),
    "no UTF-8 on several lines": b'{"channel":"/a","data":{"a":\n"\xff\x1b"}}',
    "no UTF-8, and a layout": b'{"channel":"/a","data":[\t"\xff"]}',
    "nested": b'{"channel":"/a","data":' + b"[" * 3000 + b"]" * 3000 + b"}",
}
