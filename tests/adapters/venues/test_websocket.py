"""A venue's socket against real servers that misbehave."""

import asyncio
import itertools
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from aiohttp import WSMsgType

from arb.adapters.local.clock import SeededEntropy, SystemClock
from arb.adapters.venues.liveness import SilenceLimits
from arb.adapters.venues.websocket import SAY_NS, SocketRules, VenueSocket
from arb.domain.health.backoff import Backoff
from arb.domain.market.ids import Venue
from arb.engine.market.stream import Notice
from arb.ports.market import Clock
from tests.adapters.venues.websocket_server import Peer, Server

SOON_S = 5.0
CALM = SilenceLimits(silence_ms_max=60_000, probe_ms_max=60_000, idle_ms_max=60_000, keep_alive_ms=60_000)
NERVOUS = SilenceLimits(silence_ms_max=200, probe_ms_max=200, idle_ms_max=60_000, keep_alive_ms=60_000)
QUICK = Backoff(first_ms=20, max_ms=100)
SLOW = Backoff(first_ms=60_000, max_ms=60_000)
REAL = SystemClock()


class Ear:
    """A listener that writes down what it hears."""

    def __init__(self, hello: tuple[str, ...] = (), notices: dict[bytes, Notice] | None = None) -> None:
        self.heard: list[str] = []
        self.questions: deque[str] = deque()
        self.looked_ns: list[int] = []
        self.changed = threading.Condition()
        self.outrun_by_others: list[bytes] = []
        self._hello, self._notices = hello, notices or {}

    def _note(self, what: str) -> None:
        with self.changed:
            self.heard.append(what)
            self.changed.notify_all()

    def opened(self) -> tuple[str, ...]:
        self._note("opened")
        return self._hello

    def due(self, steady_ns: int) -> tuple[str, ...]:
        self.looked_ns.append(steady_ns)
        return (self.questions.popleft(),) if self.questions else ()

    def received(self, frame: bytes, ts_recv_ns: int) -> Notice:
        assert ts_recv_ns > 0
        self._note(frame.decode())
        return self._notices.get(frame, Notice.PROGRESS)

    def outrun(self, frame: bytes, ts_recv_ns: int) -> Notice:
        self.outrun_by_others.append(frame)
        return self.received(frame, ts_recv_ns)

    def drained(self) -> None:
        self._note("drained")

    def closed(self) -> None:
        self._note("closed")

    def wait(self, condition: Callable[[list[str]], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: condition(self.heard), SOON_S), self.heard


async def number_and_freeze(peer: Peer) -> None:
    """Say which connection this is, and nothing more."""
    await peer.send(b"%d" % peer.number)
    await peer.freeze()


@contextmanager
def connected(
    url: str,
    ear: Ear,
    *,
    silence: SilenceLimits = CALM,
    backoff: Backoff = QUICK,
    keep_alive: str = "",
    clock: Clock = REAL,
) -> Iterator[VenueSocket]:
    rules = SocketRules(
        venue=Venue.UPBIT,
        url=url,
        keep_alive=keep_alive,
        connect_ms_max=1_000,
        silence=silence,
        backoff=backoff,
        cooldown_ms=100,
    )
    made = VenueSocket(rules=rules, listener=ear, clock=clock, entropy=SeededEntropy(1))
    made.start()
    try:
        yield made
    finally:
        made.stop()
        assert not made.alive()


def times(what: str, count: int) -> Callable[[list[str]], bool]:
    return lambda heard: heard.count(what) >= count


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_subscription_is_sent_first_and_frames_arrive_in_order():
    said = []

    async def script(peer: Peer) -> None:
        said.append((await peer.read()).data)
        assert "Origin" not in peer.request.headers
        for data in (b"1", b"2", b"3"):
            await peer.send(data)
        await peer.freeze()

    ear = Ear(hello=("subscribe",))
    with Server(script) as server, connected(server.url, ear) as venue:
        ear.wait(lambda heard: heard[-2:] == ["3", "drained"])
        assert venue.state.frames == 3
        assert b"3" not in ear.outrun_by_others, "nothing waits behind the last one"
        assert venue.state.last_frame_ns >= venue.state.connected_since_ns > 0
    assert said == ["subscribe"]
    assert [what for what in ear.heard if what != "drained"] == ["opened", "1", "2", "3", "closed"]
    assert venue.state.connected_since_ns == 0


def test_of_frames_that_come_at_once_only_the_last_is_not_outrun():
    async def script(peer: Peer) -> None:
        peer.write(b"\x82\x011\x82\x012\x82\x013\x82\x05par")
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear):
        ear.wait(lambda heard: "drained" in heard)
    assert ear.heard == ["opened", "1", "2", "3", "drained", "closed"]
    assert ear.outrun_by_others == [b"1", b"2"], "nothing that is whole waits behind the last one"


def test_frames_that_come_often_are_taken_together(monkeypatch):
    monkeypatch.setattr("arb.adapters.venues.websocket.BATCH_NS", 200_000_000)

    async def script(peer: Peer) -> None:
        for number in range(60):
            await peer.send(b"%d" % number)
            await asyncio.sleep(0.005)
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear):
        ear.wait(lambda heard: heard[-2:] == ["59", "drained"])
    assert [what for what in ear.heard if what.isdigit()] == [str(number) for number in range(60)]
    assert ear.heard.count("drained") < 30, "one by one: 60"


def test_a_pause_between_batches_ends_with_the_connection(monkeypatch):
    monkeypatch.setattr("arb.adapters.venues.websocket.BATCH_NS", 3_600_000_000_000)

    ear = Ear()
    with Server(number_and_freeze) as server, connected(server.url, ear, backoff=SLOW) as venue:
        ear.wait(lambda heard: "1" in heard)
        venue.force_reconnect()
        ear.wait(lambda heard: "2" in heard)


def test_a_frame_of_which_the_rest_never_comes_is_no_sign_of_life():
    async def script(peer: Peer) -> None:
        peer.write(b"\x82\x7e\x04\x00never")
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear, silence=NERVOUS):
        ear.wait(times("opened", 2))


@pytest.mark.parametrize("how", ["close", "cut"])
def test_a_dropped_connection_is_told_and_replaced(how):
    async def script(peer: Peer) -> None:
        await peer.send(b"%d" % peer.number)
        if peer.number == 1 and how == "close":
            await peer.socket.close()
        elif peer.number == 1:
            peer.cut()
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear):
        ear.wait(lambda heard: "2" in heard)
    heard = [what for what in ear.heard if what not in ("drained", "1")]
    assert heard == ["opened", "closed", "opened", "2", "closed"]


def test_a_socket_that_is_open_but_frozen_is_probed_and_replaced():
    ear = Ear()
    with Server(number_and_freeze) as server, connected(server.url, ear, silence=NERVOUS):
        began = time.monotonic()
        ear.wait(lambda heard: "2" in heard)
        assert time.monotonic() - began < 2


def test_a_quiet_venue_that_answers_probes_is_left_alone():
    asked = []

    async def script(peer: Peer) -> None:
        await peer.send(b"quote")
        while True:
            message = await peer.read()
            asked.append(message.type)
            if message.type is WSMsgType.PING:
                await peer.socket.pong(message.data)
            elif message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
                return

    ear = Ear()
    with Server(script) as server, connected(server.url, ear, silence=NERVOUS) as venue:
        eventually(lambda: asked.count(WSMsgType.PING) >= 3)
        assert venue.state.connections == 1


def test_a_venue_that_answers_but_brings_no_quotes_is_replaced():
    silence = SilenceLimits(silence_ms_max=60_000, probe_ms_max=60_000, idle_ms_max=300, keep_alive_ms=60_000)

    async def script(peer: Peer) -> None:
        for _ in range(200):
            await peer.send(b"alive")
            await asyncio.sleep(0.02)

    ear = Ear(notices={b"alive": Notice.ALIVE})
    with Server(script) as server, connected(server.url, ear, silence=silence):
        ear.wait(times("opened", 2))


def test_a_ping_is_answered_with_its_payload():
    answers = []

    async def script(peer: Peer) -> None:
        await peer.socket.ping(b"1770123456789")
        answers.append(await peer.read())
        await peer.send(b"done")
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear):
        ear.wait(lambda heard: "done" in heard)
    assert (answers[0].type, bytes(answers[0].data)) == (WSMsgType.PONG, b"1770123456789")


def test_the_venues_own_keep_alive_goes_out_in_time():
    silence = SilenceLimits(silence_ms_max=60_000, probe_ms_max=60_000, idle_ms_max=60_000, keep_alive_ms=150)
    texts = []

    async def script(peer: Peer) -> None:
        while len(texts) < 2:
            message = await peer.read()
            if message.type is WSMsgType.TEXT:
                texts.append(message.data)
        await peer.send(b"done")
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear, silence=silence, keep_alive="PING"):
        ear.wait(lambda heard: "done" in heard)
    assert texts == ["PING", "PING"]


def test_force_reconnect_replaces_a_working_connection_at_once():
    ear = Ear()
    with Server(number_and_freeze) as server, connected(server.url, ear, backoff=SLOW) as venue:
        ear.wait(lambda heard: "1" in heard)
        venue.force_reconnect()
        ear.wait(lambda heard: "2" in heard)
        assert venue.state.failures == 0


def test_force_reconnect_cuts_a_backoff_short():
    async def script(peer: Peer) -> None:
        if peer.number == 1:
            peer.cut()
        await peer.send(b"%d" % peer.number)
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear, backoff=SLOW) as venue:
        eventually(lambda: venue.state.failures == 1)
        venue.force_reconnect()
        ear.wait(lambda heard: "2" in heard)


def test_an_announced_shutdown_is_answered_with_a_new_connection_at_once():
    async def script(peer: Peer) -> None:
        await peer.send(b"quote")
        if peer.number == 1:
            await peer.send(b"bye")
        await peer.freeze()

    ear = Ear(notices={b"bye": Notice.SHUTDOWN})
    with Server(script) as server, connected(server.url, ear, backoff=SLOW):
        ear.wait(times("quote", 2))


def test_a_refused_subscription_waits_before_it_asks_again():
    async def script(peer: Peer) -> None:
        await peer.send(b"no")
        await peer.freeze()

    ear = Ear(notices={b"no": Notice.REJECTED})
    with Server(script) as server, connected(server.url, ear, backoff=SLOW) as venue:
        eventually(lambda: venue.state.failures == 1)
        assert server.connections == 1


def test_only_a_quote_resets_the_count_of_failures():
    async def script(peer: Peer) -> None:
        await peer.send(b"quote" if peer.number == 3 else b"noise")
        if peer.number < 3:
            peer.cut()
        await peer.freeze()

    seen = []
    ear = Ear(notices={b"noise": Notice.ALIVE})
    with Server(script) as server, connected(server.url, ear) as venue:
        eventually(lambda: seen.append(venue.state.failures) or "quote" in ear.heard)
        assert venue.state.failures == 0
    assert max(seen) == 2


def test_a_venue_that_does_not_listen_or_speaks_nonsense_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ear = Ear()
        with connected(f"ws://127.0.0.1:{listening.getsockname()[1]}/ws", ear) as venue:
            for answer in (b"", b"220 smtp ready\r\n\r\n", b"HTTP/1.1 503 Busy\r\n\r\n", b"HTTP/1.1\r\n\r\n"):
                peer, _ = listening.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(answer)
            eventually(lambda: venue.state.failures >= 4)
            assert venue.alive()
    assert ear.heard == []


def test_stopping_in_a_backoff_does_not_wait_for_it():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with connected(f"ws://127.0.0.1:{free.getsockname()[1]}/ws", Ear(), backoff=SLOW) as venue:
            eventually(lambda: venue.state.failures == 1)
            began = time.monotonic()
    assert time.monotonic() - began < 1


def test_questions_go_out_one_by_one_at_the_pace_that_venues_allow():
    """Five messages a second are taken: three of ours leave room for a ping and a pong."""
    at_ns: list[int] = []

    async def script(peer: Peer) -> None:
        for _ in range(5):
            await peer.read()
            at_ns.append(REAL.steady_ns())
        await peer.freeze()

    ear = Ear()
    ear.questions.extend("abcde")
    with Server(script) as server, connected(server.url, ear):
        eventually(lambda: len(at_ns) == 5)
    apart = [later - earlier for earlier, later in itertools.pairwise(ear.looked_ns[:5])]
    assert all(gap >= SAY_NS for gap in apart)


def test_a_flood_of_frames_does_not_keep_questions_from_going_out():
    answered = threading.Event()

    async def script(peer: Peer) -> None:
        for _ in range(200):
            await peer.send(b"frame")
            await asyncio.sleep(0.002)
        await peer.read()
        answered.set()
        await peer.freeze()

    ear = Ear()
    ear.questions.append("late")
    with Server(script) as server, connected(server.url, ear):
        assert answered.wait(SOON_S)


def test_a_frame_with_a_ping_right_behind_it_is_handed_on():
    async def script(peer):
        peer.write(b"\x82\x011\x89\x00")
        await peer.freeze()

    ear = Ear()
    with Server(script) as server, connected(server.url, ear):
        ear.wait(lambda heard: "drained" in heard)
