"""The scenarios that need servers but no stack: lose the process and Redis, resume, compare every byte."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Final

from arb.adapters.postgres.records.documents import decode
from arb.chaos.outcome import Scenario, expect, timed
from arb.chaos.state import book, damage
from arb.chaos.state.ground import Ground
from arb.domain.market.ids import SessionId
from arb.domain.risk.review import Mode
from arb.domain.state.snapshot import canonical
from arb.domain.trading.order import Purpose
from arb.ports.trading import TradeView

POSITIONS: Final = 10_000
SNAPSHOT_S_MAX: Final = 5.0
RESUME_S_MAX: Final = 10.0


def single_position(ground: Ground) -> tuple[float, str]:
    """One open position with an order working at its venue and another that nobody sent yet."""
    session_id = ground.begin()
    book.open_books(ground, session_id)
    trade = book.half_open(ground, session_id, "BTC")
    ground.snapshot(session_id)
    repair = book.legs(trade, 2, Purpose.REPAIR)[0]
    ground.trades.add_orders(trade, (repair,))
    views = ground.trades.active(session_id)
    account, recovery_s = ground.lose_and_resume(session_id)
    hot = ground.states.load(session_id)
    found = [decode(TradeView, view) for view in hot.parts["positions"]["trades"]] if hot else []
    expect(tuple(found) == views, "the trade with its orders did not come back as it was")
    expect(account.orders_asked == 2, f"{account.orders_asked} orders were asked about, not 2")
    return recovery_s, f"3 orders, 1 working, 1 unsent; snapshot {account.slot}"


def portfolio(ground: Ground) -> tuple[float, str]:
    """Positions of several coins in several stages, some of them younger than the snapshot."""
    session_id = ground.begin()
    book.open_books(ground, session_id)
    for coin in ("BTC", "ETH", "XRP"):
        book.hedged(ground, session_id, coin)
    ground.snapshot(session_id)
    book.half_open(ground, session_id, "SOL")
    book.hedged(ground, session_id, "ADA")
    account, recovery_s = ground.lose_and_resume(session_id)
    expect(account.trades_active == 5, f"{account.trades_active} trades came back, not 5")
    expect(account.events_folded == 4, f"{account.events_folded} entries were folded, not 4")
    return recovery_s, f"5 coins, {account.events_folded} ledger entries folded after the snapshot"


def risk_guard(ground: Ground) -> tuple[float, str]:
    """Losses of the day and a reduced mode: a restart must not forgive them."""
    session_id = ground.begin()
    book.open_books(ground, session_id)
    for loss in ("-120000.25", "-80000.5", "-1.25"):
        book.lost(ground, session_id, "BTC", Decimal(loss))
    book.hedged(ground, session_id, "ETH")
    ground.snapshot(session_id)
    book.lost(ground, session_id, "BTC", Decimal("-300000"))
    ground.sessions.set_mode(session_id, Mode.REDUCE_ONLY, "daily loss", ground.clock.now_ns())
    _, recovery_s = ground.lose_and_resume(session_id)
    guard = ground.parts(session_id)["risk_guard"]
    (lost,) = guard["realised_krw_by_day"].values()
    expect(Decimal(lost) == Decimal("-500002"), f"the day's loss came back as {lost}")
    expect(guard["mode"] == Mode.REDUCE_ONLY, f"the mode came back as {guard['mode']}")
    return recovery_s, f"loss of the day {lost} KRW, mode {guard['mode']}"


def mode_switch(ground: Ground) -> tuple[float, str]:
    """Two clean sessions after the first, then the first again: none touches another."""
    first = ground.begin()
    book.open_books(ground, first)
    book.hedged(ground, first, "BTC")
    ground.snapshot(first)
    second, held = ground.begin(), ground.parts(first)
    book.open_books(ground, second)
    book.hedged(ground, second, "BTC")
    third = ground.begin()
    expect(not ground.parts(third)["positions"]["trades"], "a clean session is not empty")
    expect(canonical(ground.parts(first)) == canonical(held), "the first session was touched")
    kept = {each: canonical(ground.parts(each)) for each in (second, third)}
    ground.sessions.take_up(first, ground.clock.now_ns())
    current = ground.sessions.current("mock")
    expect(current is not None and current.session_id == first, "the first session is not in use")
    account, recovery_s = ground.lose_and_resume(first)
    expect(account.trades_active == 1, "the first session's position is not there")
    expect(all(canonical(ground.parts(each)) == text for each, text in kept.items()), "another was touched")
    _expect_the_accounts(ground, first, second)
    return recovery_s, "3 sessions, the first resumed with what the others moved booked as one adjustment"


def _expect_the_accounts(ground: Ground, first: SessionId, second: SessionId) -> None:
    """The first session's ledger is what the venues hold: its own balances and the second's moves."""
    opened = {
        (venue, asset): amount for venue, funds in book.FUNDS.items() for asset, amount in funds.items()
    }
    moved = {
        key: amount - opened.get(key, Decimal(0)) for key, amount in ground.trades.balances(second).items()
    }
    mine, krw = ground.trades.balances(first), (book.PAIR.first, book.PAIR.currency)
    expect(mine[krw] == opened[krw] + 2 * moved[krw], "the venues' balances are not explained")


def groups_side_by_side(ground: Ground) -> tuple[float, str]:
    """Two groups on one account, by turns: each resumes as it was, and both books are the venues'."""
    account = f"shared-{ground.clock.now_ns()}"
    first = ground.begin("one", account)
    book.open_books(ground, first)
    second = ground.begin("two", account)
    expect(ground.trades.open_beside(second, ground.clock.now_ns()), "no books beside the first group's")
    for session_id, coin in ((first, "BTC"), (second, "ETH"), (first, "BTC"), (second, "BTC")):
        book.hedged(ground, session_id, coin)
        for each in (first, second):
            ground.trades.book_moves(each, ground.clock.now_ns())
    ground.snapshot(first)
    book.half_open(ground, second, "ETH")
    ground.trades.book_moves(first, ground.clock.now_ns())
    expect(ground.trades.balances(first) == ground.trades.balances(second), "the groups' books differ")
    kept = canonical(ground.parts(second))
    _, first_s = ground.lose_and_resume(first)
    expect(canonical(ground.parts(second)) == kept, "the second group was touched")
    account_of_second, second_s = ground.lose_and_resume(second)
    expect(account_of_second.trades_active == 3, f"{account_of_second.trades_active} trades came back, not 3")
    in_use = [ground.sessions.current("mock", group) for group in ("one", "two")]
    found = [session.session_id for session in in_use if session is not None]
    expect(found == [first, second], "another session is in use")
    return max(first_s, second_s), "2 groups, 5 trades by turns, one account: the same balances in both books"


def corrupted_snapshots(ground: Ground) -> tuple[float, str]:
    """Every column of every table changed, bodies cut, emptied, of an unknown version, rows missing."""
    ground.begin()  # another session, for rows to be moved to
    session_id = ground.begin()
    book.open_books(ground, session_id)
    book.hedged(ground, session_id, "BTC")
    good = ground.snapshot(session_id)
    book.half_open(ground, session_id, "ETH")
    worst, seen = 0.0, 0
    for harm in damage.harms():
        slot = ground.snapshot(session_id)
        harm.do(ground.database, session_id, slot)
        account, took_s = ground.lose_and_resume(session_id)
        expect(account.slot == good, f"{harm.name}: went on from {account.slot}")
        named = {each.slot for each in account.skipped}
        expect(bool(named) or harm.hides, f"{harm.name}: was not named")
        worst, seen = max(worst, took_s), seen + 1
        damage.remove(ground.database, session_id, slot)
    damage.empty_all(ground.database, session_id)
    account, _ = ground.lose_and_resume(session_id)
    expect(account.slot is None, "a damaged snapshot was believed")
    return (
        worst,
        f"{seen} of {seen} harms detected and passed over; without any snapshot the ledger rebuilt it",
    )


def ten_thousand(ground: Ground, positions: int = POSITIONS) -> tuple[float, str]:
    """A session with 10,000 open positions: imaged in chunks in 5 s, resumed in 10 s."""
    session_id = ground.begin()
    book.open_books(ground, session_id)
    book.many(ground, session_id, positions)
    _, image_s = timed(ground.clock, lambda: ground.snapshot(session_id))
    account, recovery_s = ground.lose_and_resume(session_id)
    expect(account.trades_active == positions, f"{account.trades_active} positions came back")
    expect(account.slot is not None, "its snapshot was not found")
    detail = f"{positions} positions, snapshot in {image_s:.2f} s, resumed in {recovery_s:.2f} s"
    expect(image_s < SNAPSHOT_S_MAX and recovery_s < RESUME_S_MAX, detail, recovery_s)
    return recovery_s, detail


SCENARIOS: Final[dict[str, Callable[[Ground], tuple[float, str]]]] = {
    "single_position_with_active_orders": single_position,
    "portfolio_of_several_symbols": portfolio,
    "risk_guard_with_losses": risk_guard,
    "mode_switch_clean_clean_resume": mode_switch,
    "groups_side_by_side": groups_side_by_side,
    "corrupted_snapshots": corrupted_snapshots,
    "ten_thousand_positions": ten_thousand,
}


def bound(ground: Ground) -> dict[str, Scenario]:
    """Return every scenario, to be run on this ground."""
    return {name: partial(scenario, ground) for name, scenario in SCENARIOS.items()}
