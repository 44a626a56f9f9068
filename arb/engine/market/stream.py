"""The seams between a venue's socket, its codec and the feed."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Protocol

from arb.domain.market.book import Book
from arb.domain.market.ids import Coin, Venue
from arb.engine.market.lag import FrameStamp


class Notice(Enum):
    """What a frame means for the connection it came on."""

    PROGRESS = "progress"  # it brought a quote: the connection works
    ALIVE = "alive"  # it brought nothing to use
    SHUTDOWN = "shutdown"  # the venue is about to close: open another connection at once
    REJECTED = "refused"  # the venue does not take our subscription


class MarketStream(Protocol):
    """A venue's market data protocol, without the socket; remembers only the current connection."""

    venue: Venue

    def opened(self) -> Sequence[str]:
        """Forget the last connection and return the messages to send on the new one."""

    def path(self) -> str:
        """Return what follows the host in the address of the next connection."""

    def watch(self, coins: Collection[Coin]) -> None:
        """Want these coins from now on; may be called from any thread."""

    def due(self, steady_ns: int) -> Sequence[str]:
        """Return at most one message to send now, for what is wanted and not yet asked for."""

    def rejected(self) -> Mapping[Coin, str]:
        """Return the coins that the venue does not take while it takes others, and its words."""

    def series(self, frame: bytes) -> str:
        """Return what a frame is one of a series of, in which only the newest counts; empty for all else.

        Never raises, and looks at no more of a frame than that takes.
        """

    def read(self, frame: bytes, ts_recv_ns: int) -> Book | FrameStamp | Notice:
        """Return what a frame says. Raises: DataError to drop it, Rejected if the venue rejects us."""


class SocketListener(Protocol):
    """What a socket tells of its life; every call comes from the socket's own thread."""

    def opened(self) -> Sequence[str]:
        """Return the messages to send first."""

    def due(self, steady_ns: int) -> Sequence[str]:
        """Return at most one message to send now; asked for at the pace that venues allow."""

    def received(self, frame: bytes, ts_recv_ns: int) -> Notice:
        """Take one frame, and return whether the connection goes on."""

    def outrun(self, frame: bytes, ts_recv_ns: int) -> Notice:
        """Take one frame behind which others wait in the socket already."""

    def drained(self) -> None:
        """Nothing more waits in the socket: what was received last is the newest there is."""

    def closed(self) -> None:
        """Note that the connection is gone."""
