"""What was seen of premiums in a dictionary."""

from arb.domain.market.ids import Coin


class MemoryLevels:
    """The twin for tests."""

    def __init__(self) -> None:
        self._kept: dict[Coin, str] = {}

    def read(self, coin: Coin) -> str:
        """Return what was kept last, empty if there is nothing."""
        return self._kept.get(coin, "")

    def keep(self, coin: Coin, text: str) -> None:
        """Keep it instead of what was kept last."""
        self._kept[coin] = text
