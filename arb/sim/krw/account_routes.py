"""Handlers of the exchange API that show balances: accounts, order chance."""

from typing import Any, Final

from arb.domain.time import NS_PER_S
from arb.sim.core.context import VenueContext
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_kinds import FaultKind
from arb.sim.krw.account_render import account_json, chance_json, wallet_json
from arb.sim.krw.auth import MAKE_ORDERS, VIEW_ASSETS
from arb.sim.krw.averages import Averages
from arb.sim.krw.errors import rejection
from arb.sim.krw.forms import QUOTE, coin_of
from arb.sim.krw.http_api import Route
from arb.sim.krw.parameters import Parameters
from arb.sim.krw.switches import Switchboard
from arb.sim.krw.text import kst_seconds

KEY_LIFE_NS: Final = 365 * 86_400 * NS_PER_S  # a key lasts a year


class AccountRoutes:
    """What the owner of the key may ask about money."""

    def __init__(
        self, context: VenueContext, exchange: Exchange, board: Switchboard, markets: frozenset[str]
    ) -> None:
        self._context = context
        self._exchange = exchange
        self._board = board
        self._markets = markets
        self._averages = Averages(context.journal.replay())
        exchange.subscribe(self._averages.follow)

    def routes(self) -> list[Route]:
        """Return the endpoints that show balances."""
        return [
            Route(method="GET", path=path, group="default", handler=handler, permission=permission)
            for path, handler, permission in (
                ("/v1/accounts", self.accounts, VIEW_ASSETS),
                ("/v1/orders/chance", self.chance, MAKE_ORDERS),
                ("/v1/status/wallet", self.wallets, VIEW_ASSETS),
                ("/v1/api_keys", self.keys, VIEW_ASSETS),
            )
        ]

    def of(self, currency: str) -> dict[str, Any]:
        """Return the line of a currency."""
        balance = self._exchange.balance(currency)
        return account_json(currency, balance.free, balance.locked, self._averages.of(currency))

    async def accounts(self, _parameters: Parameters) -> Any:
        return [self.of(currency) for currency in self._exchange.records.accounts.balances]

    async def chance(self, parameters: Parameters) -> Any:
        market = parameters.get("market")
        if market is None or market not in self._markets:
            raise rejection("validation_error", "market does not have a valid value")
        rate = self._exchange.rules.fees.rate
        state = "suspended" if self._board.is_halted(market) else "active"
        quote, base = self.of(QUOTE), self.of(coin_of(market))
        return chance_json(market, rate, self._board.min_total(market), state, quote, base)

    async def keys(self, _parameters: Parameters) -> Any:
        expires_ns = self._board.switches.key_expires_ns or self._context.now_ns() + KEY_LIFE_NS
        key = self._context.config.credential(self._context.venue).key
        return [{"access_key": key, "expire_at": kst_seconds(expires_ns)}]

    async def wallets(self, _parameters: Parameters) -> Any:
        now_ns = self._context.now_ns()
        coins = sorted({coin_of(market) for market in self._markets})
        plan = self._context.faults
        return [wallet_json(coin, plan.standing(FaultKind.CLOSED_WALLET, coin), now_ns) for coin in coins]
