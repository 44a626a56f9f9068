"""A server that sends a stated mix of Binance's frames over a WebSocket.

`python -m tests.bench.flood FRAMES COINS` prints its port; every client gets all frames from the first on, as
fast as it takes them; one by one where its address is `/paced`, and by ticks where it is `/ticks`.
Half are best prices, half are 20-level books; one in 500 carries a stamp, as the stamped stream does.
"""

import base64
import hashlib
import socket
import sys
import threading
import time
from itertools import count

import orjson

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
STAMP_EVERY = 500
PAUSE_S = 0.00006  # with what a sleep takes besides: some 8,000 frames a second
TICK, TICK_S = 20, 0.01  # so many frames at once, and the pause before the next ones


def coins(number: int) -> list[str]:
    return [f"C{each}" for each in range(number)]


def payloads(frames: int, names: list[str]) -> list[bytes]:
    """Return the frames: of each coin in turn best prices, then a book, their prices on the move."""
    now_ms, made = time.time_ns() // 1_000_000, []
    for number in count():
        name = names[number % len(names)].lower()
        cents = 6_183_700 + number % 97
        bids = [[_price(cents - 10 - step), "3.78826000"] for step in range(20)]
        asks = [[_price(cents + 10 + step), "1.54698000"] for step in range(20)]
        top = {
            "u": 2 * number + 1,
            "s": name.upper(),
            "b": _price(cents - 9),
            "B": "3.5",
            "a": _price(cents + 9),
        }
        depth = {"lastUpdateId": 2 * number + 2, "bids": bids, "asks": asks}
        made.append(_frame(f"{name}usdt@bookTicker", top | {"A": "1.5"}))
        made.append(_frame(f"{name}usdt@depth20@100ms", depth))
        if 2 * number % STAMP_EVERY == 0:
            made.append(_frame("btcusdt@depth@100ms", {"E": now_ms}))
        if len(made) >= frames:
            return made[:frames]
    return made


def serve(frames: int, number: int) -> None:
    """Serve until the process is ended."""
    stream = list(map(_wrapped, payloads(frames, coins(number))))
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_send, args=(connection, stream), daemon=True).start()


def _price(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}000000"


def _frame(stream: str, data: dict[str, object]) -> bytes:
    return orjson.dumps({"stream": stream, "data": data})


def _wrapped(payload: bytes) -> bytes:
    """Return a text frame of a server, which masks nothing."""
    size = len(payload)
    head = bytes((0x81, size)) if size < 126 else b"\x81\x7e" + size.to_bytes(2, "big")
    return head + payload


def _send(connection: socket.socket, stream: list[bytes]) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        request += connection.recv(4096)
    (key,) = [
        line.partition(b":")[2].strip()
        for line in request.split(b"\r\n")
        if line.lower().startswith(b"sec-websocket-key")
    ]
    accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest())  # noqa: S324 - what the protocol says
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
    threading.Thread(target=_drain, args=(connection,), daemon=True).start()
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if request.startswith(b"GET /paced"):
            for frame in stream:
                connection.sendall(frame)
                time.sleep(PAUSE_S)
        elif request.startswith(b"GET /ticks"):
            for number, frame in enumerate(stream):
                connection.sendall(frame)
                if number % TICK == 0:
                    time.sleep(TICK_S)
        else:
            connection.sendall(b"".join(stream))
    except OSError:
        return


def _drain(connection: socket.socket) -> None:
    try:
        while connection.recv(4096):
            pass
    except OSError:
        return


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
