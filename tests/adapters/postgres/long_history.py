"""A session with a history: many trades that have ended, each with four orders, fills, events and entries."""

from sqlalchemy import Engine, text

from arb.domain.time import NS_PER_S

SPACING_NS = 60 * NS_PER_S  # a trade a minute
TRADES = """
INSERT INTO trades (trade_id, session_id, coin, direction, state, quantity, notional_krw, entry_edge_bps,
    entry_premium_bps, opened_at_ns, updated_at_ns, repair_since_ns, closed_at_ns, pnl_krw, reason,
    loss_reserve_krw, residual, version, valued_krw_per_usdt, valued_base_krw, entry_krw_per_usdt,
    rate_reserve_krw)
SELECT :prefix || n, :session_id, 'BTC', 'sell_upbit', CASE n % 5 WHEN 0 THEN 'aborted' ELSE 'closed' END,
    0.01, 1400000, 30, 40, at_ns, at_ns + 1000, 0, at_ns + 1000, (n % 7 - 3) * 100, 'converged', 400, 0, 3,
    1400, 140000000, 1400, 0
FROM (
    SELECT n, :until_ns - n * CAST(:spacing_ns AS bigint) AS at_ns FROM generate_series(1, :count) AS n
) AS made
"""
ORDERS = """
INSERT INTO orders (client_order_id, trade_id, session_id, venue, symbol, side, purpose, quantity,
    limit_price, expires_at_ns, created_at_ns, state, fence, attempts, claimed_at_ns, venue_order_id, reason,
    changed_at_ns, event_seq)
SELECT trade_id || '-' || leg, trade_id, session_id, CASE leg % 2 WHEN 0 THEN 'upbit' ELSE 'binance' END,
    CASE leg % 2 WHEN 0 THEN 'BTC/KRW' ELSE 'BTC/USDT' END, CASE leg / 2 WHEN 0 THEN 'sell' ELSE 'buy' END,
    CASE leg / 2 WHEN 0 THEN 'entry' ELSE 'exit' END, 0.01, 100000, opened_at_ns, opened_at_ns,
    CASE leg WHEN 3 THEN 'canceled' ELSE 'filled' END, 1, 1, opened_at_ns, 'v', '', updated_at_ns, 2
FROM trades, generate_series(0, 3) AS leg WHERE session_id = :session_id AND trade_id LIKE :prefix || '%'
"""
EVENTS = """
INSERT INTO order_events (client_order_id, seq, event, from_state, to_state, fence, reason, at_ns)
SELECT client_order_id, seq, CASE seq WHEN 1 THEN 'claim' ELSE 'fill' END,
    CASE seq WHEN 1 THEN 'intent' ELSE 'submitted' END,
    CASE seq WHEN 1 THEN 'submitted' ELSE 'filled' END, 1, '', changed_at_ns
FROM orders, generate_series(1, 2) AS seq WHERE session_id = :session_id AND trade_id LIKE :prefix || '%'
"""
FILLS = """
INSERT INTO fills (environment, account, venue, symbol, fill_id, client_order_id, price, quantity, fee,
    fee_asset, ts_event_ns, booked_at_ns)
SELECT 'mock', '', venue, symbol, client_order_id, client_order_id, 100000, 0.01, 0.75,
    split_part(symbol, '/', 2), changed_at_ns, changed_at_ns
FROM orders WHERE session_id = :session_id AND trade_id LIKE :prefix || '%'
"""
HOLDS = """
INSERT INTO holds (client_order_id, session_id, venue, asset, amount, state)
SELECT client_order_id, session_id, venue, 'BTC', 0.01, 'posted'
FROM orders WHERE session_id = :session_id AND trade_id LIKE :prefix || '%'
"""
ENTRIES = """
INSERT INTO ledger_entries (session_id, key, kind, at_ns)
SELECT session_id, client_order_id, 'fill', changed_at_ns
FROM orders WHERE session_id = :session_id AND trade_id LIKE :prefix || '%' ORDER BY changed_at_ns
"""
TABLES = ("trades", "orders", "order_events", "fills", "holds", "ledger_entries", "archived_sums")


def write_history(
    engine: Engine, session_id: str, count: int, until_ns: int, prefix: str, spacing_ns: int = SPACING_NS
) -> None:
    """Write so many trades that ended before `until_ns`; and have the planner know."""
    values = {
        "session_id": session_id,
        "count": count,
        "until_ns": until_ns,
        "spacing_ns": spacing_ns,
        "prefix": prefix,
    }
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL statement_timeout = 0"))  # a busy machine is no finding
        for statement in (TRADES, ORDERS, EVENTS, FILLS, HOLDS, ENTRIES):
            connection.execute(text(statement), values)
    plan(engine)


def plan(engine: Engine) -> None:
    """Have the planner know what is there."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in TABLES:
            connection.execute(text(f"VACUUM ANALYZE {table}"))
