"""The first words of a PostgreSQL that offers no TLS and wants the password in clear, which it keeps."""

import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENCRYPTION_ASKED = (80877103, 80877104)  # SSLRequest, GSSENCRequest
PASSWORD_WANTED = b"R" + struct.pack("!II", 8, 3)


class _Greeting(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while struct.unpack("!I", self._message()[:4])[0] in ENCRYPTION_ASKED:
            self.wfile.write(b"N")
        self.wfile.write(PASSWORD_WANTED)
        if self.rfile.read(1) == b"p":
            self.server.passwords.append(self._message().rstrip(b"\0"))

    def _message(self) -> bytes:
        header = self.rfile.read(4)
        return self.rfile.read(struct.unpack("!I", header)[0] - 4) if len(header) == 4 else bytes(4)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.passwords: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Greeting)

    def handle_error(self, *_: object) -> None:
        """Whoever hangs up does so."""


@contextmanager
def postgres_without_tls() -> Iterator[tuple[int, list[bytes]]]:
    """Listen; yield the port and the passwords that were sent."""
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], server.passwords
        finally:
            server.shutdown()
