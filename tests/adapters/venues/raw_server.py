"""A server that shakes hands over a real socket and then sends exactly the bytes that it is told to."""

import base64
import hashlib
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from arb.adapters.venues.connection import BufferedConnection

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
TEXT, BINARY, CLOSE, PING, PONG, CONTINUED = 1, 2, 8, 9, 10, 0


def frame(opcode: int, payload: bytes, *, fin: int = 1) -> bytes:
    """Return a frame as servers send it, without a mask."""
    size, first = len(payload), bytes((fin << 7 | opcode,))
    if size < 126:
        return first + bytes((size,)) + payload
    if size < 1 << 16:
        return first + b"\x7e" + size.to_bytes(2, "big") + payload
    return first + b"\x7f" + size.to_bytes(8, "big") + payload


@contextmanager
def connected(server_tls: ssl.SSLContext | None = None) -> Iterator[tuple[BufferedConnection, socket.socket]]:
    """Give both ends of an open connection, the client's with a timeout of a millisecond."""
    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        answering = threading.Thread(target=_answer, args=(listening, server_tls, ends))
        answering.start()
        connection = BufferedConnection(sslopt={"cert_reqs": ssl.CERT_NONE} if server_tls else None)
        scheme = "wss" if server_tls else "ws"
        connection.connect(f"{scheme}://127.0.0.1:{listening.getsockname()[1]}/", timeout=5)
        answering.join()
    connection.settimeout(0.001)
    (end,) = ends
    with end:
        try:
            yield connection, end
        finally:
            connection.shutdown()


def reset(end: socket.socket) -> None:
    """End a connection without a word, and with what it still had to say."""
    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.close()


def said(end: socket.socket) -> tuple[int, bytes]:
    """Return the opcode and the payload of the client's next frame, which is a short one."""
    first, size = _exactly(end, 2)
    mask, masked = _exactly(end, 4), _exactly(end, size & 0x7F)
    return first & 0x0F, bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))


def _exactly(end: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        chunk = end.recv(size - len(found))
        assert chunk
        found += chunk
    return found


def _answer(listening: socket.socket, tls: ssl.SSLContext | None, ends: list[socket.socket]) -> None:
    end, _ = listening.accept()
    end.settimeout(5)
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if tls is not None:
        end = tls.wrap_socket(end, server_side=True)
    request = b""
    while b"\r\n\r\n" not in request:
        request += end.recv(4096)
    lines = (line.partition(b": ") for line in request.split(b"\r\n"))
    (key,) = (value for name, _, value in lines if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())  # noqa: S324 - what the protocol says
    end.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    ends.append(end)
