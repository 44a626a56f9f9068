"""A WebSocket connection that is read in one call of the kernel for as many frames as have come.

The library asks for the header of a frame, its length and its payload one by one. Here frames are cut from
what came together. Handshake, sending, fragments, and what control frames mean stay the library's. A frame
that is cut anywhere, by the network or a timeout, is gone on with when the rest is there.
Source: RFC 6455, 5.2.
"""

import select
import ssl
from typing import Any, Final

import websocket
from websocket import ABNF, WebSocketProtocolException

CHUNK_BYTES: Final = 65_536  # hundreds of small frames, dozens of books
WHOLE: Final = (0x80 | ABNF.OPCODE_TEXT, 0x80 | ABNF.OPCODE_BINARY)  # first bytes of unfragmented messages
MASKED: Final = 0x80
LENGTH_16, LENGTH_64 = 126, 127  # say that the length is in the next two or eight bytes


class BufferedConnection(websocket.WebSocket):  # type: ignore[misc]  # the library is not typed
    """One connection; read by one thread."""

    def __init__(self, **options: Any) -> None:
        super().__init__(skip_utf8_validation=True, **options)
        self._poll = select.poll()
        self._held = bytearray()  # what was received
        self._at = 0  # where the next frame begins in it

    def connect(self, url: str, **options: Any) -> None:
        """Connect. Raises: WebSocketException, OSError, ValueError, IndexError."""
        super().connect(url, **options)
        self._poll.register(self, select.POLLIN)

    def receive(self) -> tuple[int, bytes]:
        """Return the next message and its opcode, control frames included; pings are answered.

        Raises: WebSocketTimeoutException, WebSocketException, OSError.
        """
        begin, end = self._next()
        if self._held[self._at] in WHOLE and not self.cont_frame.recving_frames:
            opcode, self._at = self._held[self._at] & 0x0F, end
            return opcode, bytes(self._held[begin:end])
        opcode, frame = self.recv_data_frame(control_frame=True)
        return opcode, frame.data

    def recv_frame(self) -> ABNF:
        """Return the next frame, for the library."""
        begin, end = self._next()
        first, self._at = self._held[self._at], end
        flags = (first >> 7 & 1, first >> 6 & 1, first >> 5 & 1, first >> 4 & 1)
        frame = ABNF(*flags, first & 0x0F, 0, bytes(self._held[begin:end]))
        frame.validate(skip_utf8_validation=True)
        return frame

    def waits(self) -> bool:
        """Tell whether more can be had at once: a frame, or what the kernel has of one."""
        if self._bounds() is not None:
            return True
        return (isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0) or bool(self._poll.poll(0))

    def _next(self) -> tuple[int, int]:
        """Return where the payload of the next frame begins and ends in what is held."""
        while (bounds := self._bounds()) is None:
            chunk = self._recv(CHUNK_BYTES)
            del self._held[: self._at]
            self._held += chunk
            self._at = 0
        return bounds

    def _bounds(self) -> tuple[int, int] | None:
        """Return the same, None while the frame is not there as a whole."""
        held, at = self._held, self._at
        there = len(held) - at
        if there < 2:
            return None
        length, begin = held[at + 1], at + 2
        if length >= MASKED:
            raise WebSocketProtocolException("masked by the server")
        if length >= LENGTH_16:
            begin += 2 if length == LENGTH_16 else 8
            if there < begin - at:
                return None
            length = int.from_bytes(held[at + 2 : begin])
        end = begin + length
        return (begin, end) if end <= len(held) else None
