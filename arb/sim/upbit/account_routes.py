"""Handlers of the exchange API that show balances: accounts, order chance."""

from typing import Any

from arb.sim.core.exchange import Exchange
from arb.sim.upbit.account_render import account_json, chance_json
from arb.sim.upbit.auth import MAKE_ORDERS, VIEW_ASSETS
from arb.sim.upbit.door import Route
from arb.sim.upbit.errors import refuse
from arb.sim.upbit.forms import QUOTE, coin_of
from arb.sim.upbit.parameters import Parameters


class Account:
    """What the owner of the key may ask about money."""

    def __init__(self, exchange: Exchange, markets: frozenset[str]) -> None:
        self._exchange = exchange
        self._markets = markets

    def routes(self) -> list[Route]:
        """Return the endpoints that show balances."""
        return [
            Route(method="GET", path=path, group="default", handler=handler, permission=permission)
            for path, handler, permission in (
                ("/v1/accounts", self.accounts, VIEW_ASSETS),
                ("/v1/orders/chance", self.chance, MAKE_ORDERS),
            )
        ]

    async def accounts(self, _parameters: Parameters) -> Any:
        return [self._account(currency) for currency in self._exchange.records.accounts.balances]

    async def chance(self, parameters: Parameters) -> Any:
        market = parameters.get("market")
        if market is None or market not in self._markets:
            raise refuse("validation_error", "market does not have a valid value")
        rate = self._exchange.rules.fees.rate
        return chance_json(market, rate, self._account(QUOTE), self._account(coin_of(market)))

    def _account(self, currency: str) -> dict[str, Any]:
        balance = self._exchange.balance(currency)
        return account_json(currency, balance.free, balance.locked)
