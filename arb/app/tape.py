"""What was recorded and drives the simulated venues: prices of a coin, raw frames, or all books."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from arb.adapters.local.book_files import has_books
from arb.domain.errors import ConfigError
from arb.domain.market.ids import USDT
from arb.domain.market.pair import Pair
from arb.sim.core.config import SimConfigError
from arb.sim.core.recorded import opening_of
from arb.sim.core.tape import is_frame_tape, longest_piece
from arb.stack.files import write_private
from arb.stack.home import Home

RECORDED: Final = "recorded"  # the group of sessions on recorded books that name no other


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """Recorded market data to drive the simulated books with."""

    path: Path
    speed: str  # tape seconds per second, or "max"

    def __post_init__(self) -> None:
        if not self.path.is_file() and not self.is_books:
            raise ConfigError(f"--tape: {self.path} is no file, and no folder of recorded books")

    @property
    def is_books(self) -> bool:
        """Tell whether it is all books that a feed took, instead of prices."""
        return has_books(self.path)

    def holding_s(self, holding_s_max: int) -> int:
        """Return a holding time of the tape in seconds of the demo, which plays it faster."""
        if self.speed == "max" or is_frame_tape(self.path):
            return holding_s_max
        return max(1, int(holding_s_max / Decimal(self.speed)))

    def told(self) -> str:
        """Return in words what of the tape is played. Raises: ConfigError."""
        if self.is_books:
            return (
                f"recorded books of {self.path}: played once from their first one on, holes as holes; after "
                "the last one no quotes come"
            )
        if is_frame_tape(self.path):
            return f"tape {self.path.name}: recorded frames"
        try:
            piece = longest_piece(self.path)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise ConfigError(f"--tape: {self.path}: {error}") from None
        return (
            f"tape {self.path.name}: {piece.begins} to {piece.ends} ({len(piece.rows)} rows), forth and "
            f"back; the tape has {piece.holes} holes, none of which is played"
        )

    def prices(self, pair: Pair) -> dict[str, Decimal]:
        """Return each coin that both venues of a pair have in recorded books, with its first price in USDT.

        Raises: ConfigError where there is none, or no rate.
        """
        try:
            books = opening_of(self.path).books
        except SimConfigError as error:
            raise ConfigError(str(error)) from None
        if pair.rate_key is None or (pair.rate_key[0], USDT) not in books:
            raise ConfigError(f"{self.path}: no book of the rate between {pair.first} and {pair.second}")
        dollar = next(venue for venue in pair.venues if venue.quote == USDT)
        other = pair.first if dollar is pair.second else pair.second
        coins = sorted(coin for venue, coin in books if venue is dollar and (other, coin) in books)
        if not coins:
            raise ConfigError(f"{self.path}: no coin has books at both {pair.first} and {pair.second}")
        return {coin: books[dollar, coin].mid for coin in coins}


def begin_tape(home: Home, at_ns: int) -> None:
    """Have recorded books played from this moment on, also by a simulator that starts again."""
    write_private(home.tape_begins_file, str(at_ns))


def group_on_books(folder: Path, mode: str, group: str) -> str:
    """Return the group that trades on recorded books: never the one that trades on what is quoted now.

    Raises: ConfigError.
    """
    if not has_books(folder):
        raise ConfigError(f"--data: {folder} holds no recorded books; `record.books` has a stack keep them")
    if mode == "live":
        raise ConfigError("--data: live mode trades on what the venues quote, not on recorded books")
    return group or RECORDED
