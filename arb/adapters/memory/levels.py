"""What was seen of premiums in a dictionary."""

from arb.domain.market.ids import Coin


class MemoryLevels:
    """Levels of premiums in memory, the twin of those in Redis."""

    def __init__(self) -> None:
        self._kept: dict[Coin, str] = {}

    def read(self, coin: Coin) -> str:
        """Return what was kept last, empty if there is nothing."""
        return self._kept.get(coin, "")

    def keep(self, coin: Coin, text: str) -> None:
        """Keep a coin's level in place of the last one."""
        self._kept[coin] = text
