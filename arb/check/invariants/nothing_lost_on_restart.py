"""What a restart would start from is whole: the newest snapshot, the ledger, and the sums kept of them."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from arb.check.history import BookedEntry, EngineHistory, Invariant, VenueHistory, Violation
from arb.domain.market.money import ZERO
from arb.domain.state.snapshot import Snapshot

Balances = dict[tuple[str, str], Decimal]  # (account, asset)


def nothing_lost_on_restart(engine: EngineHistory, _venues: VenueHistory | None) -> tuple[Violation, ...]:
    """Return where a session rebuilt from what is stored would differ from the session that runs."""
    rows = [*_stored(engine), *_damaged(engine)]
    if engine.snapshot is not None:
        rows += [*_resumed(engine, engine.snapshot), *_trades(engine, engine.snapshot)]
    return tuple(Violation(Invariant.NOTHING_LOST_ON_RESTART, row, message) for row, message in rows)


def _stored(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    rebuilt = _plus({}, engine.entries)
    for account, asset, stored, sum_ in _differences(engine.balances, rebuilt):
        yield f"balance {account} {asset}", f"is stored as {stored:f}, its entries sum to {sum_:f}"
    last = max((entry.entry_id for entry in engine.entries), default=0)
    if last != engine.ledger_position:
        yield "ledger", f"its head is at {engine.ledger_position}, its last entry is {last}"


def _damaged(engine: EngineHistory) -> Iterator[tuple[str, str]]:
    for slot, why in engine.damaged:
        yield f"snapshot {slot}", f"does not verify: {why}"


def _resumed(engine: EngineHistory, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield where the snapshot and the ledger after it give other balances than the stored ones."""
    row = f"snapshot {snapshot.slot}"
    if snapshot.ledger_position > engine.ledger_position:
        yield row, f"is at ledger position {snapshot.ledger_position}, the ledger at {engine.ledger_position}"
        return
    after = (entry for entry in engine.entries if entry.entry_id > snapshot.ledger_position)
    resumed = _plus(_balances_of(snapshot), after)
    for account, asset, stored, rebuilt in _differences(engine.balances, resumed):
        yield row, f"and the ledger after it give {rebuilt:f} {asset} in {account}, stored is {stored:f}"


def _trades(engine: EngineHistory, snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield what the snapshot has of trades that was forgotten since."""
    row = f"snapshot {snapshot.slot}"
    versions = {trade.trade_id: trade.version for trade in engine.trades}
    filled = {(booked.client_order_id, booked.fill.fill_id) for booked in engine.fills}
    for view in snapshot.parts["positions"]["trades"]:
        trade_id, version = view["trade"]["trade_id"], view["trade"]["version"]
        if versions.get(trade_id, -1) < version:
            yield row, f"has trade {trade_id} at version {version}, the row is at {versions.get(trade_id)}"
        for order in view["orders"]:
            for fill in order["fills"]:
                if (order["client_order_id"], fill["fill_id"]) not in filled:
                    yield row, f"has fill {fill['fill_id']} of {order['client_order_id']}, no row has it"


def _balances_of(snapshot: Snapshot) -> Balances:
    nested: Mapping[str, Mapping[str, Any]] = snapshot.parts["positions"]["balances"]
    return {
        (account, asset): Decimal(amount)
        for account, amounts in nested.items()
        for asset, amount in amounts.items()
    }


def _plus(balances: Balances, entries: Iterable[BookedEntry]) -> Balances:
    sums = dict(balances)
    for entry in entries:
        for posting in entry.postings:
            key = (posting.account, posting.asset)
            sums[key] = sums.get(key, ZERO) + posting.amount
    return sums


def _differences(
    stored: Mapping[tuple[str, str], Decimal], rebuilt: Balances
) -> Iterator[tuple[str, str, Decimal, Decimal]]:
    for account, asset in sorted({*stored, *rebuilt}):
        left, right = stored.get((account, asset), ZERO), rebuilt.get((account, asset), ZERO)
        if left != right:
            yield account, asset, left, right
