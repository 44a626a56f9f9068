"""A server of one thread that does to each connection what a test says."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self

Behaviour = Callable[["Peer"], None]


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.stop = threading.Event()

    def receive(self) -> bytes:
        """Read one request: its head, and the body that its length announces."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (chunk := self._connection.recv(65536)):
                return data
            data += chunk
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-l")
            ),
            0,
        )
        while len(body) < length:
            body += self._connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def send(self, data: bytes) -> None:
        """Write bytes."""
        self._connection.sendall(data)

    def reply(self, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
        """Write a whole reply and keep the connection."""
        lines = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        self.send(head.encode() + body)

    def reset(self) -> None:
        """Close with a reset instead of a goodbye."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()


class WireServer:
    """Listens on a free port; the n-th connection meets the n-th behaviour, the last one repeats."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._behaviours = behaviours
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._peers: list[Peer] = []
        self.requests: list[bytes] = []
        self.connections = 0

    @property
    def url(self) -> str:
        """The address to connect to."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for peer in self._peers:
            peer.stop.set()
        self._thread.join(timeout=5)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            behaviour = self._behaviours[min(self.connections, len(self._behaviours) - 1)]
            self.connections += 1
            peer = Peer(connection)
            self._peers.append(peer)
            with connection:
                try:
                    behaviour(peer)
                except (ConnectionError, BrokenPipeError):
                    continue


@contextmanager
def unused_url() -> Iterator[str]:
    """An address at which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
