"""The simulated venues' faults and limits, over HTTP."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import orjson
import urllib3

from arb.domain.errors import VenueError
from arb.domain.market.ids import Venue
from arb.domain.market.money import ZERO
from arb.sim.venues import SIMULATED

TIMEOUT_S: Final = 30.0  # a busy machine is no reason to end a run


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorControl:
    """What is switched at both venues. Raises, everywhere: VenueError."""

    base_urls: Mapping[Venue, str]
    http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(timeout=TIMEOUT_S, retries=False)
    )

    def put_faults(self, venue: Venue, faults: Sequence[Mapping[str, Any]]) -> None:
        """Replace the faults of one venue."""
        self._ask("DELETE", venue, "/sim/faults")
        if faults:
            self._ask("POST", venue, "/sim/faults", faults)

    def cast(self, venue: Venue, faults: Sequence[Mapping[str, Any]], seed: int) -> None:
        """The same, with dice that begin anew."""
        self._ask("PUT", venue, "/sim/faults", {"seed": seed, "faults": list(faults)})

    def struck_at(self, venue: Venue) -> Counter[str]:
        """Return how often each kind was applied at one venue since the start."""
        return Counter(self._ask("GET", venue, "/sim/faults")["struck"])

    def move(self, venue: Venue, asset: str, change: Decimal) -> None:
        """Have money come or go at a venue without an order."""
        self._ask("POST", venue, "/sim/balances", {"asset": asset, "change": f"{change:f}"})

    def money(self, venue: Venue) -> dict[str, Decimal]:
        """Return what our account gained by trading since the venue's world began, asset by asset."""
        told = self._ask("GET", venue, "/sim/balances")
        held = {
            asset: Decimal(each["free"]) + Decimal(each["locked"]) for asset, each in told["current"].items()
        }
        others = {asset: Decimal(amount) for asset, amount in told["initial"].items()}
        for asset, amount in told["outside"].items():
            others[asset] = others.get(asset, ZERO) + Decimal(amount)
        return {asset: held.get(asset, ZERO) - others.get(asset, ZERO) for asset in {*held, *others}}

    def struck(self) -> Counter[str]:
        """Return how often each kind was applied since the start, at both venues together."""
        total: Counter[str] = Counter()
        for venue in self.base_urls:
            total.update(self._ask("GET", venue, "/sim/faults")["struck"])
        return total

    def widen_limits(self) -> None:
        """Let the venues take more than the real ones."""
        for venue in self.base_urls:
            found = SIMULATED[venue]
            self._ask("PUT", venue, found.limits_path, dict(found.roomy))

    def _ask(self, method: str, venue: Venue, path: str, body: Any = None) -> Any:
        url = self.base_urls[venue].rstrip("/") + path
        try:
            reply = self.http.request(method, url, body=None if body is None else orjson.dumps(body))
        except urllib3.exceptions.HTTPError as error:
            raise VenueError(venue, f"{url}: {error}") from error
        if reply.status != 200:
            raise VenueError(venue, f"{url} answers {reply.status}: {reply.data.decode()[:200]}")
        return orjson.loads(reply.data)
