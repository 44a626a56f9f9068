"""The transport against real sockets: what is proven not to have left, and what may have arrived."""

import gzip
import socket
import time
from contextlib import ExitStack

import pytest

from arb.adapters.venues import http
from arb.adapters.venues.http import HttpTransport, NotSent, ReplyLost
from arb.domain.errors import ArbError, ConfigError
from arb.venues.request import Effect, HttpRequest
from tests.adapters.venues.wire import Behaviour, Peer, WireServer, unused_url

SECRET = "signature=c8db56825ae71d6d79"
GET = HttpRequest(method="GET", path="/api/v3/order", query=f"symbol=X&{SECRET}")
POST = HttpRequest(
    method="POST", path="/v1/orders", body=SECRET.encode(), headers={"X-Key": "abc"}, effect=Effect.PLACE
)


def transport(url: str, *, timeout_ms: int = 300, pool_size: int = 4) -> HttpTransport:
    return HttpTransport(url, connect_timeout_ms=timeout_ms, read_timeout_ms=timeout_ms, pool_size=pool_size)


def answer_all(peer: Peer) -> None:
    while peer.receive():
        peer.reply(200, b'{"ok":1}', X_MBX_USED_WEIGHT_1M="3")


def accept_then_close(peer: Peer) -> None:
    peer.receive()


def close_at_once(peer: Peer) -> None:
    """Close before anything was read."""


def reset_after_request(peer: Peer) -> None:
    peer.receive()
    peer.reset()


def answer_then_reset(peer: Peer) -> None:
    peer.receive()
    peer.reply()
    peer.receive()
    peer.reset()


def say_nothing(peer: Peer) -> None:
    peer.receive()
    peer.stop.wait(5)


def half_a_body(peer: Peer) -> None:
    peer.receive()
    peer.send(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"half":')


def broken_chunk(peer: Peer) -> None:
    peer.receive()
    peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


def no_http(peer: Peer) -> None:
    peer.receive()
    peer.send(b"220 smtp ready\r\n")


def drip(peer: Peer) -> None:
    peer.receive()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not peer.stop.wait(0.05):
        peer.send(b" ")


def test_reply_with_lower_case_headers_on_one_kept_connection():
    with WireServer(answer_all) as server:
        carrier = transport(server.url)
        replies = [carrier.send(GET) for _ in range(3)]
        assert [reply.status for reply in replies] == [200, 200, 200]
        assert replies[0].body == b'{"ok":1}'
        assert replies[0].headers["x-mbx-used-weight-1m"] == "3"
        assert server.connections == 1
        carrier.close()


def test_chunked_and_compressed_replies_are_read_whole_and_keep_the_connection():
    packed = gzip.compress(b"[1,2,3]" * 1_000)
    parts = (packed[:10], packed[10:])

    def chunks(peer: Peer) -> None:
        while peer.receive():
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
            for part in parts:
                peer.send(b"%x\r\n%b\r\n" % (len(part), part))
                time.sleep(0.02)
            peer.send(b"0\r\n\r\n")

    with WireServer(chunks) as server:
        carrier = transport(server.url)
        assert [carrier.send(GET).body for _ in range(2)] == [b"[1,2,3]" * 1_000] * 2
        assert server.connections == 1
        carrier.close()


def test_request_is_written_as_it_is():
    seen: list[bytes] = []

    def keep(peer: Peer) -> None:
        seen.append(peer.receive())
        peer.reply(201)

    with WireServer(keep) as server:
        assert transport(server.url + "/prefix/").send(POST).status == 201
    head, _, body = seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /prefix/v1/orders HTTP/1.1\r\n")
    assert b"X-Key: abc" in head
    assert b"User-Agent: arb" in head
    assert b"Origin" not in head
    assert body == SECRET.encode()


class Withdrawn(ArbError):
    """What a caller says that keeps a request from leaving."""


def test_what_a_request_waits_for_comes_right_before_its_first_byte():
    seen: list[bytes] = []

    def keep(peer: Peer) -> None:
        while data := peer.receive():
            seen.append(data)
            peer.reply()

    with WireServer(keep) as server:
        carrier = transport(server.url)
        for kept in ([], [GET]):  # on a connection that is new, and on one that was kept
            for each in kept:
                carrier.send(each)
            before = len(seen)
            found: list[int] = []
            carrier.send(POST, lambda found=found: found.append(len(seen)))
            assert found == [before]
            assert len(seen) == before + 1
        carrier.send(GET)
        assert len(found) == 1
        carrier.close()


def test_a_request_that_is_withdrawn_while_it_waits_does_not_leave():
    seen: list[bytes] = []

    def keep(peer: Peer) -> None:
        while data := peer.receive():
            seen.append(data)
            peer.reply()

    def withdraw() -> None:
        time.sleep(0.5)  # longer than any of its time-outs
        raise Withdrawn("test")

    with WireServer(keep) as server:
        carrier = transport(server.url, timeout_ms=200)
        carrier.send(GET)
        with pytest.raises(Withdrawn):
            carrier.send(POST, withdraw)
        assert carrier.send(GET).status == 200
        carrier.close()
    assert [data.split()[0] for data in seen] == [b"GET", b"GET"]


def test_waiting_counts_as_no_time_of_the_reply():
    def drip_for_a_while(peer: Peer) -> None:
        peer.receive()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        for _ in range(4):
            time.sleep(0.05)
            peer.send(b" ")

    with WireServer(drip_for_a_while) as server:
        assert transport(server.url).send(POST, lambda: time.sleep(0.7)).body == b" " * 4


@pytest.mark.parametrize("status", [302, 400, 418, 429, 500, 503])
def test_every_status_is_a_reply_and_is_asked_for_once(status: int):
    seen: list[bytes] = []

    def refuse(peer: Peer) -> None:
        while data := peer.receive():
            seen.append(data)
            peer.reply(status, b"no", Retry_After="1", Location="/elsewhere")

    with WireServer(refuse) as server:
        carrier = transport(server.url)
        reply = carrier.send(POST)
        carrier.close()
    assert (reply.status, reply.body, reply.headers["retry-after"]) == (status, b"no", "1")
    assert len(seen) == 1


def test_refused_connection_is_not_sent():
    with unused_url() as url, pytest.raises(NotSent):
        transport(url).send(POST)


def test_unknown_host_is_not_sent():
    with pytest.raises(NotSent):
        transport("http://no-such-host.invalid").send(POST)


def test_connect_timeout_is_not_sent():
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(3):  # fill the backlog, so that the next one is not answered
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        with pytest.raises(NotSent):
            transport(f"http://127.0.0.1:{address[1]}", timeout_ms=150).send(POST)


def test_no_free_connection_is_not_sent():
    with WireServer(answer_all) as server:
        carrier = transport(server.url, timeout_ms=50, pool_size=1)
        held = carrier._pool._get_conn()
        with pytest.raises(NotSent):
            carrier.send(POST)
        held.close()


def test_failed_tls_handshake_is_not_sent():
    with WireServer(no_http) as server, pytest.raises(NotSent):
        transport(server.url.replace("http://", "https://")).send(POST)


@pytest.mark.parametrize(
    "behaviour",
    [
        accept_then_close,
        close_at_once,
        reset_after_request,
        say_nothing,
        half_a_body,
        broken_chunk,
        no_http,
        drip,
    ],
)
@pytest.mark.parametrize("request_", [GET, POST], ids=["get", "post"])
def test_anything_after_the_connection_is_a_lost_reply_and_is_sent_once(
    behaviour: Behaviour, request_: HttpRequest
):
    with WireServer(behaviour) as server:
        with pytest.raises(ReplyLost):
            transport(server.url, timeout_ms=200).send(request_)
        assert server.connections == 1


def test_reset_of_a_kept_connection_is_a_lost_reply_and_is_not_sent_again():
    with WireServer(answer_then_reset) as server:
        carrier = transport(server.url)
        carrier.send(GET)
        with pytest.raises(ReplyLost):
            carrier.send(POST)
        assert server.connections == 1
        assert carrier.send(GET).status == 200
        carrier.close()


def test_connection_that_the_server_closed_while_idle_is_replaced_before_sending():
    def answer_once(peer: Peer) -> None:
        peer.receive()
        peer.reply()

    with WireServer(answer_once) as server:
        carrier = transport(server.url)
        carrier.send(GET)
        time.sleep(0.1)
        assert carrier.send(POST).status == 200
        assert server.connections == 2
        carrier.close()


def test_a_dripping_reply_ends_in_time():
    with WireServer(drip) as server:
        start_s = time.monotonic()
        with pytest.raises(ReplyLost):
            transport(server.url, timeout_ms=200).send(POST)
        assert time.monotonic() - start_s < 2


def test_an_endless_reply_ends_by_size(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "BODY_BYTES_MAX", 10)

    def long(peer: Peer) -> None:
        peer.receive()
        peer.reply(200, b"x" * 1000)

    with WireServer(long) as server, pytest.raises(ReplyLost):
        transport(server.url).send(GET)


@pytest.mark.parametrize("behaviour", [say_nothing, half_a_body, reset_after_request])
def test_no_error_shows_the_signature(behaviour: Behaviour):
    with WireServer(behaviour) as server, pytest.raises(ReplyLost) as caught:
        transport(server.url, timeout_ms=100).send(GET)
    assert SECRET not in f"{caught.value} {caught.value!r}"
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:80", "http://", ""])
def test_an_address_that_is_none_is_a_config_error(url: str):
    with pytest.raises(ConfigError, match="rest_url"):
        transport(url)


@pytest.mark.parametrize("value", ["SECRET\n", "SECRET\r\nX: y", "SECR\u20acT-SECRET"])
def test_no_error_shows_a_header_that_cannot_be_sent(value: str):
    with WireServer(answer_all) as server, pytest.raises(ReplyLost) as lost:
        transport(server.url).send(HttpRequest(method="GET", path="/", headers={"X-KEY": value}))
    error: BaseException | None = lost.value
    while error is not None:
        assert "SECRET" not in f"{error!r} {error} {error.args}"
        error = error.__cause__ or error.__context__
