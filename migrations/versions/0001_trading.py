"""Sessions, trades, orders, fills, ledger, alerts.

Money is NUMERIC without a scale: what was a Decimal comes back as the same Decimal. Times are Unix
nanoseconds. States are the values of the enumerations in `arb.domain`.
"""

from alembic import op

revision = "0001"
down_revision = None

SESSIONS = """
CREATE TABLE sessions (
    session_id          text PRIMARY KEY,
    environment         text NOT NULL CHECK (environment IN ('mock', 'paper', 'live')),
    started_at_ns       bigint NOT NULL,
    mode                text NOT NULL CHECK (mode IN ('normal', 'reduce-only', 'halted')),
    mode_reason         text NOT NULL,
    mode_changed_at_ns  bigint NOT NULL
);
CREATE INDEX sessions_newest ON sessions (environment, started_at_ns);

CREATE TABLE mode_changes (
    mode_change_id  bigserial PRIMARY KEY,
    session_id      text NOT NULL REFERENCES sessions,
    mode            text NOT NULL CHECK (mode IN ('normal', 'reduce-only', 'halted')),
    reason          text NOT NULL,
    at_ns           bigint NOT NULL
);
CREATE INDEX mode_changes_by_session ON mode_changes (session_id);
"""

TRADES = """
CREATE TABLE trades (
    trade_id           text PRIMARY KEY,
    session_id         text NOT NULL REFERENCES sessions,
    coin               text NOT NULL,
    direction          text NOT NULL CHECK (direction IN ('sell_upbit', 'buy_upbit')),
    state              text NOT NULL CHECK (state IN (
        'opening', 'open', 'closing', 'repairing', 'closed', 'aborted', 'handed_over')),
    quantity           numeric NOT NULL CHECK (quantity > 0),
    notional_krw       numeric NOT NULL CHECK (notional_krw >= 0),
    entry_edge_bps     numeric NOT NULL,
    entry_premium_bps  numeric NOT NULL,
    opened_at_ns       bigint NOT NULL,
    updated_at_ns      bigint NOT NULL,
    repair_since_ns    bigint NOT NULL,
    closed_at_ns       bigint NOT NULL,
    pnl_krw            numeric NOT NULL,
    reason             text NOT NULL,
    version            bigint NOT NULL
);
CREATE INDEX trades_active ON trades (session_id, coin)
    WHERE state IN ('opening', 'open', 'closing', 'repairing');
CREATE INDEX trades_ended ON trades (session_id, closed_at_ns);
"""

ORDERS = """
CREATE TABLE orders (
    client_order_id  text PRIMARY KEY,
    trade_id         text NOT NULL REFERENCES trades,
    session_id       text NOT NULL REFERENCES sessions,
    venue            text NOT NULL CHECK (venue IN ('upbit', 'binance')),
    symbol           text NOT NULL,
    side             text NOT NULL CHECK (side IN ('buy', 'sell')),
    purpose          text NOT NULL CHECK (purpose IN ('entry', 'exit', 'repair')),
    quantity         numeric NOT NULL CHECK (quantity > 0),
    limit_price      numeric NOT NULL CHECK (limit_price > 0),
    expires_at_ns    bigint NOT NULL,
    created_at_ns    bigint NOT NULL,
    state            text NOT NULL CHECK (state IN (
        'intent', 'denied', 'submitted', 'unknown', 'accepted', 'partially_filled',
        'filled', 'canceled', 'rejected', 'expired')),
    fence            bigint NOT NULL CHECK (fence >= 0),
    attempts         integer NOT NULL CHECK (attempts >= 0),
    claimed_at_ns    bigint NOT NULL,
    venue_order_id   text,
    reason           text NOT NULL,
    changed_at_ns    bigint NOT NULL,
    event_seq        integer NOT NULL DEFAULT 0
);
CREATE INDEX orders_by_trade ON orders (trade_id);
CREATE INDEX orders_recent ON orders (session_id, created_at_ns);
CREATE INDEX orders_live ON orders (session_id, changed_at_ns)
    WHERE state IN ('intent', 'submitted', 'unknown', 'accepted', 'partially_filled');

-- Every change of an order's state. A row 'claim' is the evidence that an intent was committed before
-- anything was sent under its fence.
CREATE TABLE order_events (
    client_order_id  text NOT NULL REFERENCES orders,
    seq              integer NOT NULL,
    event            text NOT NULL CHECK (event IN (
        'claim', 'release', 'deny', 'lose', 'accept', 'partial', 'fill', 'cancel', 'reject', 'expire',
        'absent')),
    from_state       text NOT NULL,
    to_state         text NOT NULL,
    fence            bigint NOT NULL,
    reason           text NOT NULL,
    at_ns            bigint NOT NULL,
    PRIMARY KEY (client_order_id, seq)
);

CREATE TABLE fills (
    venue            text NOT NULL,
    symbol           text NOT NULL,
    fill_id          text NOT NULL,
    client_order_id  text NOT NULL REFERENCES orders,
    price            numeric NOT NULL CHECK (price > 0),
    quantity         numeric NOT NULL CHECK (quantity > 0),
    fee              numeric NOT NULL,
    fee_asset        text NOT NULL,
    ts_event_ns      bigint NOT NULL,
    booked_at_ns     bigint NOT NULL,
    PRIMARY KEY (venue, symbol, fill_id)
);
CREATE INDEX fills_by_order ON fills (client_order_id);

-- What an order can cost at most: reserved while it may execute, then posted (something was filled) or
-- voided (nothing was).
CREATE TABLE holds (
    client_order_id  text PRIMARY KEY REFERENCES orders,
    session_id       text NOT NULL REFERENCES sessions,
    venue            text NOT NULL,
    asset            text NOT NULL,
    amount           numeric NOT NULL CHECK (amount >= 0),
    state            text NOT NULL CHECK (state IN ('reserved', 'posted', 'voided'))
);
CREATE INDEX holds_reserved ON holds (session_id) WHERE state = 'reserved';
"""

LEDGER = """
-- The id of an entry is the ledger position. Ids of one session grow in commit order: they are taken
-- under an advisory lock of the session, so that position N means "every entry up to N".
CREATE TABLE ledger_entries (
    entry_id    bigserial PRIMARY KEY,
    session_id  text NOT NULL REFERENCES sessions,
    key         text NOT NULL UNIQUE,
    kind        text NOT NULL CHECK (kind IN ('opening', 'fill', 'adjustment')),
    at_ns       bigint NOT NULL
);
CREATE INDEX ledger_entries_by_session ON ledger_entries (session_id, entry_id);

CREATE TABLE ledger_postings (
    entry_id  bigint NOT NULL REFERENCES ledger_entries,
    line      smallint NOT NULL,
    account   text NOT NULL,
    asset     text NOT NULL,
    amount    numeric NOT NULL,
    PRIMARY KEY (entry_id, line)
);

CREATE TABLE balances (
    session_id  text NOT NULL REFERENCES sessions,
    account     text NOT NULL,
    asset       text NOT NULL,
    amount      numeric NOT NULL,
    PRIMARY KEY (session_id, account, asset)
);
"""

INCIDENTS = """
CREATE TABLE alerts (
    alert_id    bigserial PRIMARY KEY,
    session_id  text REFERENCES sessions,
    kind        text NOT NULL,
    subject     text NOT NULL,
    severity    text NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    message     text NOT NULL,
    at_ns       bigint NOT NULL
);
CREATE INDEX alerts_by_time ON alerts (at_ns);

CREATE TABLE recoveries (
    recovery_id      bigserial PRIMARY KEY,
    session_id       text REFERENCES sessions,
    component        text NOT NULL,
    cause            text NOT NULL,
    lost_at_ns       bigint NOT NULL,
    recovered_at_ns  bigint NOT NULL,
    detail           text NOT NULL
);
CREATE INDEX recoveries_by_time ON recoveries (recovered_at_ns);
"""


def upgrade() -> None:
    for statements in (SESSIONS, TRADES, ORDERS, LEDGER, INCIDENTS):
        op.execute(statements)
