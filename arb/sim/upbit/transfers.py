"""Deposits and withdrawals of the account: what it opened with, and what came or went by `/sim/balances`.

Together with the trades they explain every balance. No request of a client adds one.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from arb.sim.core.events import BalancesOpened, MovedOutside
from arb.sim.core.journal import Recorded
from arb.sim.krw.forms import QUOTE, ZERO
from arb.sim.krw.text import kst_seconds, plain, seeded_uuid

DEPOSIT: Final = "deposit"
WITHDRAW: Final = "withdraw"
DONE: Final = {DEPOSIT: "ACCEPTED", WITHDRAW: "DONE"}
STATES: Final = {
    DEPOSIT: (
        "PROCESSING", "ACCEPTED", "CANCELLED", "REJECTED", "TRAVEL_RULE_SUSPECTED", "REFUNDING", "REFUNDED",
    ),
    WITHDRAW: ("WAITING", "PROCESSING", "DONE", "FAILED", "CANCELLED", "REJECTED"),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One deposit or withdrawal; it is over, and cost nothing."""

    kind: str
    uuid: str
    currency: str
    amount: Decimal
    ts_ns: int

    @property
    def txid(self) -> str:
        """What the chain calls it, or the bank."""
        digest = hashlib.sha256(self.uuid.encode()).hexdigest()
        return f"BK{self.kind[0].upper()}-{digest[:32]}" if self.currency == QUOTE else digest


class Transfers:
    """All of them by kind, oldest first."""

    def __init__(self, seed: int, past: Iterable[Recorded]) -> None:
        self._seed = seed
        self.by_kind: dict[str, list[Transfer]] = {DEPOSIT: [], WITHDRAW: []}
        for recorded in past:
            self.follow(recorded)

    def follow(self, recorded: Recorded) -> None:
        """Take one event into account. Listens to the engine."""
        match recorded.event:
            case BalancesOpened(balances=balances):
                for currency, amount in balances.items():
                    self._add(recorded, currency, amount)
            case MovedOutside(asset=currency, change=change):
                self._add(recorded, currency, change)
            case _:
                pass

    def _add(self, recorded: Recorded, currency: str, change: Decimal) -> None:
        if change == ZERO:
            return
        kind = DEPOSIT if change > ZERO else WITHDRAW
        uuid = seeded_uuid(f"{self._seed}:upbit:{kind}:{recorded.seq}:{currency}")
        transfer = Transfer(kind=kind, uuid=uuid, currency=currency, amount=abs(change), ts_ns=recorded.ts_ns)
        self.by_kind[kind].append(transfer)


def network_of(currency: str) -> str | None:
    """Return the network that a currency comes and goes by; every coin has one of its own name."""
    return None if currency == QUOTE else currency


def transfer_json(transfer: Transfer) -> dict[str, Any]:
    """Return a transfer as the lists show it."""
    moment = kst_seconds(transfer.ts_ns)
    body = {
        "type": transfer.kind,
        "uuid": transfer.uuid,
        "currency": transfer.currency,
        "net_type": network_of(transfer.currency),
        "txid": transfer.txid,
        "state": DONE[transfer.kind],
        "created_at": moment,
        "done_at": moment,
        "amount": plain(transfer.amount),
        "fee": "0",
        "transaction_type": "default",
    }
    return body | {"is_cancelable": False} if transfer.kind == WITHDRAW else body
