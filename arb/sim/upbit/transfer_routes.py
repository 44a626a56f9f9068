"""Handlers of the exchange API about deposits and withdrawals: they are read, and never made.

The key may look at both and may make neither, so whatever would move money is answered with `out_of_scope`.
Source: docs.upbit.com, deposits and withdrawals (v1.6.4).
"""

from itertools import islice
from typing import Any, Final, NoReturn

from arb.sim.core.context import VenueContext
from arb.sim.core.fault_kinds import FaultKind, WalletState
from arb.sim.krw.account_routes import AccountRoutes
from arb.sim.krw.auth import DEPOSIT_MONEY, VIEW_DEPOSITS, VIEW_WITHDRAWALS, WITHDRAW_MONEY
from arb.sim.krw.errors import rejection
from arb.sim.krw.forms import QUOTE
from arb.sim.krw.http_api import DEFAULT, Route
from arb.sim.krw.parameters import Parameters
from arb.sim.upbit.transfer_render import address_json, deposit_chance_json, vasp_json, withdraw_chance_json
from arb.sim.upbit.transfers import DEPOSIT, DONE, STATES, WITHDRAW, Transfer, Transfers, transfer_json

LIST_MAX: Final = 100
PAGE_MAX: Final = 1_000_000


class TransferRoutes:
    """What the owner of the key may ask about money that comes and goes."""

    def __init__(
        self, context: VenueContext, account: AccountRoutes, coins: frozenset[str], transfers: Transfers
    ) -> None:
        self._context = context
        self._account = account
        self._coins = coins
        self._transfers = transfers

    def routes(self) -> list[Route]:
        """Return the endpoints."""
        return [
            Route(method=method, path=path, group=DEFAULT, handler=handler, permission=permission)
            for method, path, handler, permission in (
                ("GET", "/v1/deposits", self.deposits, VIEW_DEPOSITS),
                ("GET", "/v1/deposit", self.deposit, VIEW_DEPOSITS),
                ("GET", "/v1/deposits/chance/coin", self.deposit_chance, VIEW_DEPOSITS),
                ("GET", "/v1/deposits/coin_addresses", self.addresses, VIEW_DEPOSITS),
                ("GET", "/v1/deposits/coin_address", self.address, VIEW_DEPOSITS),
                ("GET", "/v1/travel_rule/vasps", self.vasps, VIEW_DEPOSITS),
                ("GET", "/v1/withdraws", self.withdraws, VIEW_WITHDRAWALS),
                ("GET", "/v1/withdraw", self.withdraw, VIEW_WITHDRAWALS),
                ("GET", "/v1/withdraws/chance", self.withdraw_chance, VIEW_WITHDRAWALS),
                ("GET", "/v1/withdraws/coin_addresses", self.allowed_addresses, VIEW_WITHDRAWALS),
                ("POST", "/v1/deposits/krw", self.forbidden, DEPOSIT_MONEY),
                ("POST", "/v1/deposits/generate_coin_address", self.forbidden, DEPOSIT_MONEY),
                ("POST", "/v1/withdraws/coin", self.forbidden, WITHDRAW_MONEY),
                ("DELETE", "/v1/withdraws/coin", self.forbidden, WITHDRAW_MONEY),
                ("POST", "/v1/withdraws/krw", self.forbidden, WITHDRAW_MONEY),
            )
        ]

    async def forbidden(self, _parameters: Parameters) -> NoReturn:
        """Whatever a switch makes of the key: nothing is moved."""
        raise rejection("out_of_scope")

    async def deposits(self, parameters: Parameters) -> Any:
        return self._page(DEPOSIT, parameters)

    async def withdraws(self, parameters: Parameters) -> Any:
        return self._page(WITHDRAW, parameters)

    async def deposit(self, parameters: Parameters) -> Any:
        return self._newest(DEPOSIT, parameters)

    async def withdraw(self, parameters: Parameters) -> Any:
        return self._newest(WITHDRAW, parameters)

    async def deposit_chance(self, parameters: Parameters) -> Any:
        coin = self._coin(parameters)
        return deposit_chance_json(coin, self._closed(coin))

    async def addresses(self, _parameters: Parameters) -> Any:
        return [address_json(coin) for coin in sorted(self._coins)]

    async def address(self, parameters: Parameters) -> Any:
        return address_json(self._coin(parameters))

    async def vasps(self, _parameters: Parameters) -> Any:
        return [vasp_json(name) for name in ("Binance", "Bithumb")]

    async def withdraw_chance(self, parameters: Parameters) -> Any:
        currency = parameters.get("currency")
        if currency != QUOTE:
            currency = self._coin(parameters)
        return withdraw_chance_json(currency, self._closed(currency), self._account.of(currency))

    async def allowed_addresses(self, _parameters: Parameters) -> Any:
        return []

    def _coin(self, parameters: Parameters) -> str:
        """Return the coin that is asked about. Raises: KrwRejection (validation_error)."""
        coin, network = parameters.get("currency"), parameters.get("net_type")
        if coin is None or coin not in self._coins:
            raise rejection("validation_error", "currency does not have a valid value")
        if network != coin:
            raise rejection("validation_error", "net_type does not have a valid value")
        return coin

    def _closed(self, currency: str) -> WalletState | None:
        """Return how a wallet is closed, as /v1/status/wallet says it; None if it works."""
        closed = self._context.faults.standing(FaultKind.CLOSED_WALLET, currency)
        return None if closed is None else closed.wallet

    def _page(self, kind: str, parameters: Parameters) -> list[dict[str, Any]]:
        state = parameters.get("state")
        if state is not None and state not in STATES[kind]:
            raise rejection("validation_error", "state does not have a valid value")
        limit = parameters.integer("limit", LIST_MAX, LIST_MAX)
        begin = (parameters.integer("page", 1, PAGE_MAX) - 1) * limit
        found = self._chosen(kind, parameters) if state in (None, DONE[kind]) else []
        if parameters.get("order_by") != "asc":
            found.reverse()
        return [transfer_json(each) for each in islice(found, begin, begin + limit)]

    def _newest(self, kind: str, parameters: Parameters) -> dict[str, Any]:
        currency, uuid, txid = map(parameters.get, ("currency", "uuid", "txid"))
        for each in reversed(self._transfers.by_kind[kind]):
            if currency in (None, each.currency) and uuid in (None, each.uuid) and txid in (None, each.txid):
                return transfer_json(each)
        raise rejection(f"{kind}_not_found")

    def _chosen(self, kind: str, parameters: Parameters) -> list[Transfer]:
        """Return those that are asked for, oldest first. `from` and `to` name one by its uuid."""
        every = self._transfers.by_kind[kind]
        currency, uuids, txids = parameters.get("currency"), parameters.all("uuids"), parameters.all("txids")
        if (uuids and txids) or len(uuids) + len(txids) > LIST_MAX:
            raise rejection("invalid_parameter", "uuids or txids, at most 100")
        first = _position(every, parameters.get("from"), -1) + 1
        return [
            each
            for each in every[first : _position(every, parameters.get("to"), len(every))]
            if currency in (None, each.currency)
            and (not uuids or each.uuid in uuids)
            and (not txids or each.txid in txids)
        ]


def _position(transfers: list[Transfer], uuid: str | None, otherwise: int) -> int:
    if uuid is None:
        return otherwise
    found = next((place for place, each in enumerate(transfers) if each.uuid == uuid), None)
    if found is None:
        raise rejection("invalid_parameter", "from and to are uuids of the list")
    return found
