"""The scenarios that need servers but no stack: lose the process and Redis, resume, compare every byte."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Final

from arb.adapters.postgres.records.documents import decode
from arb.chaos.scenario_result import Scenario, expect, timed
from arb.chaos.state import book, damage
from arb.chaos.state.testbed import StateTestbed
from arb.domain.market.ids import SessionId
from arb.domain.risk.review import Mode
from arb.domain.state.snapshot import canonical
from arb.domain.trading.order import Purpose
from arb.ports.trading import TradeView

POSITIONS: Final = 10_000
SNAPSHOT_S_MAX: Final = 5.0
RESUME_S_MAX: Final = 10.0


def single_position(testbed: StateTestbed) -> tuple[float, str]:
    """One open position with an order working at its venue and another that nobody sent yet."""
    session_id = testbed.begin()
    book.open_books(testbed, session_id)
    trade = book.half_open(testbed, session_id, "BTC")
    testbed.snapshot(session_id)
    repair = book.legs(trade, 2, Purpose.REPAIR)[0]
    testbed.trades.add_orders(trade, (repair,))
    views = testbed.trades.active(session_id)
    account, recovery_s = testbed.lose_and_resume(session_id)
    hot = testbed.states.load(session_id)
    found = [decode(TradeView, view) for view in hot.parts["positions"]["trades"]] if hot else []
    expect(tuple(found) == views, "the trade with its orders did not come back as it was")
    expect(account.orders_asked == 2, f"{account.orders_asked} orders were asked about, not 2")
    return recovery_s, f"3 orders, 1 working, 1 unsent; snapshot {account.slot}"


def portfolio(testbed: StateTestbed) -> tuple[float, str]:
    """Positions of several coins in several stages, some of them younger than the snapshot."""
    session_id = testbed.begin()
    book.open_books(testbed, session_id)
    for coin in ("BTC", "ETH", "XRP"):
        book.hedged(testbed, session_id, coin)
    testbed.snapshot(session_id)
    book.half_open(testbed, session_id, "SOL")
    book.hedged(testbed, session_id, "ADA")
    account, recovery_s = testbed.lose_and_resume(session_id)
    expect(account.trades_active == 5, f"{account.trades_active} trades came back, not 5")
    expect(account.events_folded == 4, f"{account.events_folded} entries were folded, not 4")
    return recovery_s, f"5 coins, {account.events_folded} ledger entries folded after the snapshot"


def risk_guard(testbed: StateTestbed) -> tuple[float, str]:
    """Losses of the day and a reduced mode: a restart must not forgive them."""
    session_id = testbed.begin()
    book.open_books(testbed, session_id)
    for loss in ("-120000.25", "-80000.5", "-1.25"):
        book.lost(testbed, session_id, "BTC", Decimal(loss))
    book.hedged(testbed, session_id, "ETH")
    testbed.snapshot(session_id)
    book.lost(testbed, session_id, "BTC", Decimal("-300000"))
    testbed.sessions.set_mode(session_id, Mode.REDUCE_ONLY, "daily loss", testbed.clock.now_ns())
    _, recovery_s = testbed.lose_and_resume(session_id)
    guard = testbed.parts(session_id)["risk_guard"]
    (lost,) = guard["realised_krw_by_day"].values()
    expect(Decimal(lost) == Decimal("-500002"), f"the day's loss came back as {lost}")
    expect(guard["mode"] == Mode.REDUCE_ONLY, f"the mode came back as {guard['mode']}")
    return recovery_s, f"loss of the day {lost} KRW, mode {guard['mode']}"


def mode_switch(testbed: StateTestbed) -> tuple[float, str]:
    """Two clean sessions after the first, then the first again: none touches another."""
    first = testbed.begin()
    book.open_books(testbed, first)
    book.hedged(testbed, first, "BTC")
    testbed.snapshot(first)
    second, held = testbed.begin(), testbed.parts(first)
    book.open_books(testbed, second)
    book.hedged(testbed, second, "BTC")
    third = testbed.begin()
    expect(not testbed.parts(third)["positions"]["trades"], "a clean session is not empty")
    expect(canonical(testbed.parts(first)) == canonical(held), "the first session was touched")
    kept = {each: canonical(testbed.parts(each)) for each in (second, third)}
    testbed.sessions.take_up(first, testbed.clock.now_ns())
    current = testbed.sessions.current("mock")
    expect(current is not None and current.session_id == first, "the first session is not in use")
    account, recovery_s = testbed.lose_and_resume(first)
    expect(account.trades_active == 1, "the first session's position is not there")
    expect(all(canonical(testbed.parts(each)) == text for each, text in kept.items()), "another was touched")
    _expect_the_accounts(testbed, first, second)
    return recovery_s, "3 sessions, the first resumed with what the others moved booked as one adjustment"


def _expect_the_accounts(testbed: StateTestbed, first: SessionId, second: SessionId) -> None:
    """The first session's ledger is what the venues hold: its own balances and the second's moves."""
    opened = {
        (venue, asset): amount for venue, funds in book.FUNDS.items() for asset, amount in funds.items()
    }
    moved = {
        key: amount - opened.get(key, Decimal(0)) for key, amount in testbed.trades.balances(second).items()
    }
    mine, krw = testbed.trades.balances(first), (book.PAIR.first, book.PAIR.currency)
    expect(mine[krw] == opened[krw] + 2 * moved[krw], "the venues' balances are not explained")


def groups_side_by_side(testbed: StateTestbed) -> tuple[float, str]:
    """Two groups on one account, by turns: each resumes as it was, and both books are the venues'."""
    account = f"shared-{testbed.clock.now_ns()}"
    first = testbed.begin("one", account)
    book.open_books(testbed, first)
    second = testbed.begin("two", account)
    expect(testbed.trades.open_beside(second, testbed.clock.now_ns()), "no books beside the first group's")
    for session_id, coin in ((first, "BTC"), (second, "ETH"), (first, "BTC"), (second, "BTC")):
        book.hedged(testbed, session_id, coin)
        for each in (first, second):
            testbed.trades.book_moves(each, testbed.clock.now_ns())
    testbed.snapshot(first)
    book.half_open(testbed, second, "ETH")
    testbed.trades.book_moves(first, testbed.clock.now_ns())
    expect(testbed.trades.balances(first) == testbed.trades.balances(second), "the groups' books differ")
    kept = canonical(testbed.parts(second))
    _, first_s = testbed.lose_and_resume(first)
    expect(canonical(testbed.parts(second)) == kept, "the second group was touched")
    account_of_second, second_s = testbed.lose_and_resume(second)
    expect(account_of_second.trades_active == 3, f"{account_of_second.trades_active} trades came back, not 3")
    in_use = [testbed.sessions.current("mock", group) for group in ("one", "two")]
    found = [session.session_id for session in in_use if session is not None]
    expect(found == [first, second], "another session is in use")
    return max(first_s, second_s), "2 groups, 5 trades by turns, one account: the same balances in both books"


def corrupted_snapshots(testbed: StateTestbed) -> tuple[float, str]:
    """Every column of every table changed, bodies cut, emptied, of an unknown version, rows missing."""
    testbed.begin()  # another session, for rows to be moved to
    session_id = testbed.begin()
    book.open_books(testbed, session_id)
    book.hedged(testbed, session_id, "BTC")
    good = testbed.snapshot(session_id)
    book.half_open(testbed, session_id, "ETH")
    worst, seen = 0.0, 0
    for harm in damage.harms():
        slot = testbed.snapshot(session_id)
        harm.do(testbed.database, session_id, slot)
        account, took_s = testbed.lose_and_resume(session_id)
        expect(account.slot == good, f"{harm.name}: went on from {account.slot}")
        named = {each.slot for each in account.skipped}
        expect(bool(named) or harm.hides, f"{harm.name}: was not named")
        worst, seen = max(worst, took_s), seen + 1
        damage.remove(testbed.database, session_id, slot)
    damage.empty_all(testbed.database, session_id)
    account, _ = testbed.lose_and_resume(session_id)
    expect(account.slot is None, "a damaged snapshot was believed")
    return (
        worst,
        f"{seen} of {seen} harms detected and passed over; without any snapshot the ledger rebuilt it",
    )


def ten_thousand(testbed: StateTestbed) -> tuple[float, str]:
    """A session with 10,000 open positions: imaged in chunks in 5 s, resumed in 10 s."""
    image_s, recovery_s = many(testbed, POSITIONS)
    detail = f"{POSITIONS} positions, snapshot in {image_s:.2f} s, resumed in {recovery_s:.2f} s"
    expect(image_s < SNAPSHOT_S_MAX and recovery_s < RESUME_S_MAX, detail, recovery_s)
    return recovery_s, detail


def many(testbed: StateTestbed, positions: int) -> tuple[float, float]:
    """Image and resume a session with so many open positions; return how many seconds each took.

    Raises: Failed if any did not come back, or the image was not found.
    """
    session_id = testbed.begin()
    book.open_books(testbed, session_id)
    book.many(testbed, session_id, positions)
    _, image_s = timed(testbed.clock, lambda: testbed.snapshot(session_id))
    account, recovery_s = testbed.lose_and_resume(session_id)
    expect(account.trades_active == positions, f"{account.trades_active} positions came back")
    expect(account.slot is not None, "its snapshot was not found")
    return image_s, recovery_s


SCENARIOS: Final[dict[str, Callable[[StateTestbed], tuple[float, str]]]] = {
    "single_position_with_active_orders": single_position,
    "portfolio_of_several_symbols": portfolio,
    "risk_guard_with_losses": risk_guard,
    "mode_switch_clean_clean_resume": mode_switch,
    "groups_side_by_side": groups_side_by_side,
    "corrupted_snapshots": corrupted_snapshots,
    "ten_thousand_positions": ten_thousand,
}


def bound(testbed: StateTestbed) -> dict[str, Scenario]:
    """Return every scenario, to be run on this testbed."""
    return {name: partial(scenario, testbed) for name, scenario in SCENARIOS.items()}
