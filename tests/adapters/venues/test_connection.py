"""Frames over real sockets, cut and joined in every way."""

import shutil
import ssl
import subprocess
import threading

import pytest
from websocket import WebSocketConnectionClosedException, WebSocketException, WebSocketTimeoutException

from arb.adapters.venues.connection import CHUNK_BYTES, BufferedConnection
from tests.adapters.venues.raw_server import (
    BINARY,
    CLOSE,
    CONTINUED,
    PING,
    PONG,
    TEXT,
    connected,
    frame,
    reset,
    said,
)

MEDIUM = b"m" * 200
MIX = (
    frame(TEXT, b"small")
    + frame(BINARY, MEDIUM)
    + frame(TEXT, b"")
    + frame(TEXT, b"one, ", fin=0)
    + frame(PING, b"still there?")
    + frame(CONTINUED, b"two, ", fin=0)
    + frame(CONTINUED, b"three")
    + frame(TEXT, b"last")
)
MEANT = [
    (TEXT, b"small"),
    (BINARY, MEDIUM),
    (TEXT, b""),
    (PING, b"still there?"),
    (TEXT, b"one, two, three"),
    (TEXT, b"last"),
]


def there(connection: BufferedConnection) -> list[tuple[int, bytes]]:
    """Return the messages that can be had until a read times out."""
    found = []
    try:
        while True:
            found.append(connection.receive())
    except WebSocketTimeoutException:
        return found


def read(connection: BufferedConnection, count: int) -> list[tuple[int, bytes]]:
    """Return so many messages, however often a read times out before they are there."""
    found: list[tuple[int, bytes]] = []
    while len(found) < count:
        found += there(connection)
    return found


def first_of(connection: BufferedConnection) -> tuple[int, bytes]:
    """Return the next message, however often a read times out before it is there."""
    while True:
        try:
            return connection.receive()
        except WebSocketTimeoutException:
            continue


def test_frames_that_are_cut_anywhere_by_a_timeout_are_gone_on_with():
    with connected() as (connection, end):
        for cut in range(len(MIX) + 1):
            end.sendall(MIX[:cut])
            found = there(connection)
            end.sendall(MIX[cut:])
            assert found + read(connection, len(MEANT) - len(found)) == MEANT, cut
            assert said(end) == (PONG, b"still there?")


def test_frames_that_come_byte_by_byte_are_read():
    with connected() as (connection, end):
        found = []
        for place in range(len(MIX)):
            end.sendall(MIX[place : place + 1])
            found += there(connection)
        assert found + read(connection, len(MEANT) - len(found)) == MEANT


def test_of_many_frames_at_once_all_but_the_last_have_others_behind_them():
    many = [b"%d" % number for number in range(1_000)]
    with connected() as (connection, end):
        end.sendall(b"".join(frame(TEXT, each) for each in many))
        found = [(connection.receive(), connection.waits()) for _ in many]
    assert [message for message, _ in found] == [(TEXT, each) for each in many]
    assert [waits for _, waits in found] == [True] * 999 + [False]


def test_what_waits_in_the_kernel_waits_too():
    with connected() as (connection, end):
        end.sendall(frame(TEXT, b"1"))
        assert read(connection, 1) == [(TEXT, b"1")]
        assert not connection.waits()
        end.sendall(frame(TEXT, b"2"))
        assert connection.waits()


def test_a_part_of_a_frame_is_nothing_to_wait_for():
    with connected() as (connection, end):
        end.sendall(frame(TEXT, b"whole") + frame(TEXT, b"part")[:4])
        assert connection.receive() == (TEXT, b"whole")
        assert not connection.waits()
        end.sendall(frame(TEXT, b"part")[4:])
        assert read(connection, 1) == [(TEXT, b"part")]


@pytest.mark.parametrize("size", [125, 126, 65_535, 65_536, CHUNK_BYTES + 1, 1_000_000])
def test_frames_of_any_size_are_read_whole(size):
    large = bytes(number % 251 for number in range(size))
    with connected() as (connection, end):
        data = frame(TEXT, b"before") + frame(BINARY, large) + frame(TEXT, b"behind")
        sending = threading.Thread(target=end.sendall, args=(data,))
        sending.start()
        assert read(connection, 3) == [(TEXT, b"before"), (BINARY, large), (TEXT, b"behind")]
        sending.join()


def test_a_close_behind_data_comes_after_it_and_is_answered():
    with connected() as (connection, end):
        end.sendall(frame(TEXT, b"data") + frame(CLOSE, (1001).to_bytes(2, "big") + b"bye"))
        assert connection.receive() == (TEXT, b"data")
        assert connection.receive() == (CLOSE, (1001).to_bytes(2, "big") + b"bye")
        assert said(end)[0] == CLOSE


def test_what_came_whole_before_the_server_ends_in_the_middle_of_a_frame_is_read():
    with connected() as (connection, end):
        end.sendall(frame(TEXT, b"whole") + frame(TEXT, b"part")[:4])
        end.close()
        assert connection.receive() == (TEXT, b"whole")
        with pytest.raises(WebSocketConnectionClosedException):
            connection.receive()


def test_a_reset_in_the_middle_of_a_frame_ends_the_connection():
    with connected() as (connection, end):
        end.sendall(frame(TEXT, b"whole") + frame(TEXT, b"part")[:4])
        assert connection.receive() == (TEXT, b"whole")
        reset(end)
        with pytest.raises((OSError, WebSocketConnectionClosedException)):
            there(connection)


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x81\x85maskhello",
        b"\xc1\x02hi",
        frame(3, b"no such opcode"),
        frame(CONTINUED, b"of nothing"),
        frame(TEXT, b"one", fin=0) + frame(TEXT, b"another"),
        frame(TEXT, b"one", fin=0) + frame(BINARY, b"another", fin=0),
        frame(PING, b"in parts", fin=0),
        frame(PING, b"p" * 126),
        frame(CLOSE, b"!"),
    ],
)
def test_what_no_server_may_send_ends_the_connection(nonsense):
    with connected() as (connection, end):
        end.sendall(nonsense + frame(TEXT, b"behind"))
        with pytest.raises(WebSocketException) as caught:
            there(connection)
        assert not isinstance(caught.value, WebSocketTimeoutException)


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = (str(tmp_path_factory.getbasetemp() / name) for name in ("key.pem", "cert.pem"))
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def test_over_tls_frames_are_cut_anywhere_too(tls):
    with connected(tls) as (connection, end):
        for cut in range(0, len(MIX) + 1, 3):
            end.sendall(MIX[:cut])
            found = there(connection)
            end.sendall(MIX[cut:])
            assert found + read(connection, len(MEANT) - len(found)) == MEANT, cut
            assert said(end) == (PONG, b"still there?")


def test_over_tls_what_was_deciphered_and_not_read_waits_too(tls):
    """The library of TLS reads whole records: what is left of one is no more in the kernel."""
    record = frame(BINARY, b"b" * 12_000) + frame(TEXT, b"behind")
    with connected(tls) as (connection, end):
        end.sendall(record)
        found = [first_of(connection)]
        assert connection.waits()
        found.append(connection.receive())
        assert not connection.waits()
    assert found == [(BINARY, b"b" * 12_000), (TEXT, b"behind")]
