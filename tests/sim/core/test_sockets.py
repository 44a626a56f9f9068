"""Frames of a stream that lags go out in order, late, and all at once when the stream catches up."""

import asyncio

from arb.sim.core.sockets import Outbox, _header


class Wire:
    """A client's end: what arrived, and when; it is socket, request and transport at once."""

    closed = False

    def __init__(self):
        self.arrived = []

    @property
    def _req(self):
        return self

    transport = _req

    def write(self, data):
        now_s = asyncio.get_running_loop().time()
        while data:
            length = data[1]
            self.arrived.append((data[2 : 2 + length], now_s))
            data = data[2 + length :]

    def is_closing(self):
        return False

    def get_write_buffer_size(self):
        return 0

    def abort(self):
        pass


def played(*script):
    """Return the frames as (name, ms after the begin); the script is (wait ms, frame, lag ms)."""

    async def play():
        wire = Wire()
        outbox = Outbox(wire)
        writer = asyncio.create_task(outbox.run())
        begin = asyncio.get_running_loop().time()
        for wait_ms, frame, lag_ms in script:
            await asyncio.sleep(wait_ms / 1000)
            outbox.put_in_order(frame, lag_ms)
        await asyncio.sleep(0.3)
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        return [(frame, (at - begin) * 1000) for frame, at in wire.arrived]

    return asyncio.run(play())


def test_a_lagging_stream_is_late_and_in_order():
    arrived = played((0, b"1", 100), (10, b"2", 100), (10, b"3", 100))
    assert [frame for frame, _ in arrived] == [b"1", b"2", b"3"]
    assert all(at_ms >= sent_ms + 99 for (_, at_ms), sent_ms in zip(arrived, (0, 10, 20), strict=True))


def test_a_stream_that_lags_no_more_sends_what_it_owes_first():
    arrived = played((0, b"1", 10_000), (1, b"2", 10_000), (1, b"3", 0), (1, b"4", 0))
    assert [frame for frame, _ in arrived] == [b"1", b"2", b"3", b"4"]
    assert arrived[-1][1] < 250


def test_a_shorter_lag_never_overtakes():
    arrived = played((0, b"1", 200), (0, b"2", 50), (0, b"3", 0))
    assert [frame for frame, _ in arrived] == [b"1", b"2", b"3"]


def test_frames_of_every_length_are_framed_right():
    for length, head in (
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (70_000, b"\x81\x7f" + (70_000).to_bytes(8)),
    ):
        assert _header(0x81, b"x" * length) == head
