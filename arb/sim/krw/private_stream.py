"""The private stream: myOrder and myAsset events of the one account.

Events only, never a snapshot. Each connection has its own stream faults; in fault plans the
channels are `myOrder` and `myAsset`.
"""

from typing import Any, Final

from arb.sim.core.context import VenueContext
from arb.sim.core.events import MovedOutside
from arb.sim.core.exchange import Exchange
from arb.sim.core.fault_stream import PrivateShaper
from arb.sim.core.journal import Recorded
from arb.sim.krw.account_render import my_asset_json
from arb.sim.krw.connection import KrwConnection
from arb.sim.krw.frames import encode_frame
from arb.sim.krw.text import seeded_uuid
from arb.sim.krw.updates import Update
from arb.sim.krw.variant import ProtocolVariant

MY_ORDER: Final = "myOrder"
MY_ASSET: Final = "myAsset"


class PrivateStream:
    """Tells every private connection what happened to orders and balances."""

    def __init__(self, context: VenueContext, variant: ProtocolVariant, exchange: Exchange) -> None:
        self._context = context
        self._variant = variant
        self._exchange = exchange
        self._asset_uuid = seeded_uuid(f"{context.config.seed}:{context.venue}:assets")
        self._shapers: dict[KrwConnection, dict[str, PrivateShaper]] = {}

    def join(self, connection: KrwConnection) -> None:
        """Send events to a connection from now on."""
        faults = self._context.faults
        shapers = {kind: PrivateShaper(faults, kind) for kind in (MY_ORDER, MY_ASSET)}
        self._shapers.setdefault(connection, shapers)

    def leave(self, connection: KrwConnection) -> None:
        """Drop a connection."""
        self._shapers.pop(connection, None)

    def drop_all(self) -> None:
        """Cut every connection."""
        for connection in list(self._shapers):
            connection.drop()

    def tell(self, update: Update) -> None:
        """Send an event to every connection that subscribed to it."""
        if not self._shapers:
            return
        now_ns, form = self._context.now_ns(), update.view.form
        order = self._variant.order_event(update.view, update.state, update.trade, now_ns)
        assets = my_asset_json(self._asset_uuid, self._balances(update.currencies), now_ns)
        for connection in list(self._shapers):
            for subscription in connection.subscriptions:
                if subscription.type == MY_ORDER and subscription.covers(form.market):
                    self._deliver(connection, order, form.identifier or "")
                elif subscription.type == MY_ASSET and update.currencies:
                    self._deliver(connection, assets, form.identifier or "")

    def follow(self, recorded: Recorded) -> None:
        """Tell of money that came or went without an order. Listens to the engine."""
        moved = recorded.event
        if not isinstance(moved, MovedOutside):
            return
        assets = my_asset_json(self._asset_uuid, self._balances((moved.asset,)), self._context.now_ns())
        for connection in list(self._shapers):
            if any(each.type == MY_ASSET for each in connection.subscriptions):
                self._deliver(connection, assets, "")

    def _deliver(self, connection: KrwConnection, message: dict[str, Any], client_id: str) -> None:
        frame = encode_frame(message, connection.form, {MY_ORDER: self._variant.event_names})
        shaper = self._shapers[connection][message["type"]]
        lag_ms = shaper.lag_ms()
        for delivery in shaper.push(frame, client_id):
            if delivery.delay_ms:
                connection.send_frame(delivery.frame, delivery.delay_ms + lag_ms)
            else:
                connection.send_in_order(delivery.frame, lag_ms)

    def _balances(self, currencies: tuple[str, ...]) -> list[tuple[str, Any, Any]]:
        rows = ((currency, self._exchange.balance(currency)) for currency in currencies)
        return [(currency, balance.free, balance.locked) for currency, balance in rows]
