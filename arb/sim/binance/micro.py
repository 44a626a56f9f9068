"""Times in microseconds, for clients that ask for them. Pure.

The simulator keeps milliseconds; the digits below are zero. REST: header X-MBX-TIME-UNIT. Streams and the
WebSocket API: `timeUnit=MICROSECOND` in the address.
"""

import re
from typing import Any, Final

MICROSECOND: Final = "MICROSECOND"
TIMES: Final = frozenset(
    {"serverTime", "time", "updateTime", "transactTime", "workingTime", "openTime", "closeTime"}
)
# Of a stream: what is a time by its short name. W and O are a time and the order's creation, O and C a
# ticker's span; t is a trade's number, but the beginning of a candle.
_STREAM_TIMES: Final = re.compile(rb'("(?:E|T|W|O|C|u)":|"k":\{"t":)(\d{13})(?=[,}])')
_STAMPS: Final = range(10**12, 10**13)  # milliseconds from 2001 to 2286


def in_microseconds(answer: Any) -> Any:
    """Return an answer with its times a thousand times as large; lists in lists are candles."""
    if isinstance(answer, dict):
        return {
            name: value * 1000 if name in TIMES and isinstance(value, int) else in_microseconds(value)
            for name, value in answer.items()
        }
    if isinstance(answer, list):
        return [
            each * 1000 if isinstance(each, int) and each in _STAMPS else in_microseconds(each)
            for each in answer
        ]
    return answer


def frame_in_microseconds(frame: bytes) -> bytes:
    """Return a stream's frame with its times in microseconds."""
    return _STREAM_TIMES.sub(rb"\g<1>\g<2>000", frame)
