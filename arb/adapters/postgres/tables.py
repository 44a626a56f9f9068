"""The tables, as the queries name them. `migrations/` creates them; a test holds the two together."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

METADATA: Final = MetaData()


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, Text, nullable=options.pop("nullable", False), **options)


def _money(name: str) -> Column[Any]:
    return Column(name, Numeric, nullable=False)


def _ns(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _count(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer, nullable=False, **options)


def _id(name: str) -> Column[int]:
    return Column(name, BigInteger, primary_key=True)


def _of(name: str, target: str, **options: Any) -> Column[str]:
    """Return a foreign key to the column of the same meaning in `target`."""
    return Column(name, Text, ForeignKey(target), nullable=options.pop("nullable", False), **options)


SESSION_ID: Final = "sessions.session_id"
ORDER_ID: Final = "orders.client_order_id"

sessions = Table(
    "sessions",
    METADATA,
    _text("session_id", primary_key=True),
    _text("environment"),
    _ns("started_at_ns"),
    _text("mode"),
    _text("mode_reason"),
    _ns("mode_changed_at_ns"),
    Column("set_aside_at_ns", BigInteger, nullable=False, server_default="0"),
    _text("group_name", server_default=""),
    Column("unjudged_since", JSONB, nullable=False, server_default="{}"),
    Column("generation", BigInteger, nullable=False, server_default="0"),  # of settings: the one in force
)

session_accounts = Table(
    "session_accounts",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _text("environment"),
    _text("venue", primary_key=True),
    _text("account"),  # without a name where nobody knows it
)

review_marks = Table(
    "review_marks",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    Column("mark", BigInteger, nullable=False),
)

account_keys = Table(
    "account_keys",
    METADATA,
    _text("environment", primary_key=True),
    _text("venue", primary_key=True),
    _text("fingerprint", primary_key=True),  # of a key, or what the account was called before
    _text("account"),
    Column("told", Boolean, nullable=False),  # by the venue
    _ns("named_at_ns"),
)

generations = Table(
    "generations",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("settings", JSONB, nullable=False),
    _ns("frozen_at_ns"),
    _text("why"),
)

coin_choices = Table(
    "coin_choices",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    Column("coins", JSONB, nullable=False),
    Column("left_out", JSONB, nullable=False),
    _ns("chosen_at_ns"),
)

moves_booked = Table(
    "moves_booked",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _of("other_id", SESSION_ID, primary_key=True),
    _ns("entry_id"),
)

mode_changes = Table(
    "mode_changes",
    METADATA,
    _id("mode_change_id"),
    _of("session_id", SESSION_ID),
    _text("mode"),
    _text("reason"),
    _ns("at_ns"),
)

trades = Table(
    "trades",
    METADATA,
    _text("trade_id", primary_key=True),
    _of("session_id", SESSION_ID),
    _text("coin"),
    _text("direction"),
    _text("state"),
    _money("quantity"),
    _money("notional_krw"),
    _money("entry_edge_bps"),
    _money("entry_premium_bps"),
    _ns("opened_at_ns"),
    _ns("updated_at_ns"),
    _ns("repair_since_ns"),
    _ns("closed_at_ns"),
    _money("pnl_krw"),
    _text("reason"),
    _money("loss_reserve_krw"),
    _money("residual"),
    Column("version", BigInteger, nullable=False),
    Column("decided_on", JSONB, nullable=False, server_default="{}"),
    _count("take_ups", server_default="0"),
    Column("archived", Boolean, nullable=False, server_default="false"),
    _money("valued_krw_per_usdt"),
    _money("valued_base_krw"),
    _money("entry_krw_per_usdt"),
    _money("rate_reserve_krw"),
    Column("decided_later", JSONB, nullable=False, server_default="{}"),  # by the moment of the decision
    _text("kind", server_default="pair"),
)

orders = Table(
    "orders",
    METADATA,
    _text("client_order_id", primary_key=True),
    _of("trade_id", "trades.trade_id"),
    _of("session_id", SESSION_ID),
    _text("venue"),
    _text("symbol"),
    _text("side"),
    _text("purpose"),
    _money("quantity"),
    _money("limit_price"),
    _ns("expires_at_ns"),
    _ns("created_at_ns"),
    _text("state"),
    Column("fence", BigInteger, nullable=False),
    _count("attempts"),
    _ns("claimed_at_ns"),
    _text("venue_order_id", nullable=True),
    _text("reason"),
    _ns("changed_at_ns"),
    _count("event_seq", server_default="0"),
    Column("archived", Boolean, nullable=False, server_default="false"),
    Column("tick_at_ns", BigInteger, nullable=False, server_default="0"),
)

# What the archived rows of a session add up to: their number by state, what they earned by day and minute.
archived_sums = Table(
    "archived_sums",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _text("part", primary_key=True),
    _text("name", primary_key=True),
    Column("bucket", BigInteger, primary_key=True),
    Column("number", BigInteger, nullable=False),
    _money("amount"),
)

order_events = Table(
    "order_events",
    METADATA,
    _of("client_order_id", ORDER_ID, primary_key=True),
    _count("seq", primary_key=True),
    _text("event"),
    _text("from_state"),
    _text("to_state"),
    Column("fence", BigInteger, nullable=False),
    _text("reason"),
    _ns("at_ns"),
    _text("actor", server_default=""),  # whose process wrote it: mode and accounts
)

venue_pauses = Table(
    "venue_pauses",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _text("venue", primary_key=True),
    _ns("until_ns"),
    _text("reason"),
)

coin_pauses = Table(
    "coin_pauses",
    METADATA,
    _id("coin_pause_id"),
    _text("environment"),
    _text("group_name"),
    _text("coin"),
    _ns("paused_at_ns"),
    _text("paused_by"),
    _text("reason"),
    Column("resumed_at_ns", BigInteger, nullable=False, server_default="0"),  # 0: in force
    _text("resumed_by", server_default=""),
)

close_requests = Table(
    "close_requests",
    METADATA,
    _id("close_request_id"),
    _of("session_id", SESSION_ID),
    _of("trade_id", "trades.trade_id"),
    _text("asked_by"),
    _ns("asked_at_ns"),
    _ns("lasts_ns"),
    _money("earned_bps_min"),
)

fills = Table(
    "fills",
    METADATA,
    _text("environment", primary_key=True),
    _text("account", primary_key=True),
    _text("venue", primary_key=True),
    _text("symbol", primary_key=True),
    _text("fill_id", primary_key=True),
    _of("client_order_id", ORDER_ID),
    _money("price"),
    _money("quantity"),
    _money("fee"),
    _text("fee_asset"),
    _ns("ts_event_ns"),
    _ns("booked_at_ns"),
    Column("fee_in_quote", Numeric, nullable=True),
    Column("fee_is_assumed", Boolean, nullable=False, server_default="false"),
    # Its fee was taken in a third asset, and nobody has valued it yet; the planner knows that few are.
    Column(
        "unvalued",
        Boolean,
        Computed(
            "fee_in_quote IS NULL AND fee <> 0"
            " AND fee_asset <> split_part(symbol, '/', 1) AND fee_asset <> split_part(symbol, '/', 2)",
            persisted=True,
        ),
        nullable=False,
    ),
)

holds = Table(
    "holds",
    METADATA,
    _of("client_order_id", ORDER_ID, primary_key=True),
    _of("session_id", SESSION_ID),
    _text("venue"),
    _text("asset"),
    _money("amount"),
    _text("state"),
)

ledger_entries = Table(
    "ledger_entries",
    METADATA,
    _id("entry_id"),
    _of("session_id", SESSION_ID),
    _text("key"),
    _text("kind"),
    _ns("at_ns"),
    UniqueConstraint("session_id", "key"),
)

ledger_postings = Table(
    "ledger_postings",
    METADATA,
    Column("entry_id", BigInteger, ForeignKey("ledger_entries.entry_id"), primary_key=True),
    Column("line", SmallInteger, primary_key=True),
    _text("account"),
    _text("asset"),
    _money("amount"),
)

balances = Table(
    "balances",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _text("account", primary_key=True),
    _text("asset", primary_key=True),
    _money("amount"),
)

external_orders = Table(
    "external_orders",
    METADATA,
    _text("environment", primary_key=True),
    _text("account", primary_key=True),
    _text("venue", primary_key=True),
    _text("venue_order_id", primary_key=True),
    _text("client_id"),
    _text("symbol"),
    _ns("first_seen_ns"),
    _ns("last_seen_ns"),
    _text("state"),
)

alerts = Table(
    "alerts",
    METADATA,
    _id("alert_id"),
    _of("session_id", SESSION_ID, nullable=True),
    _text("kind"),
    _text("subject"),
    _text("severity"),
    _text("message"),
    _ns("at_ns"),
    Column("held_back", BigInteger, nullable=False, server_default="0"),
    _text("delivered_by", server_default=""),
    Column("acked_at_ns", BigInteger, nullable=False, server_default="0"),
)

messages = Table(
    "messages",
    METADATA,
    _id("message_id"),
    _of("session_id", SESSION_ID),
    _text("kind"),
    _text("key"),
    Column("facts", JSONB, nullable=False),
    _ns("at_ns"),
    Column("due_ns", BigInteger, nullable=False, server_default="0"),
    Column("tried_at_ns", BigInteger, nullable=False, server_default="0"),
    _count("tries", server_default="0"),
    _text("failure", server_default=""),  # of the last try; empty while one is under way
    Column("ended_at_ns", BigInteger, nullable=False, server_default="0"),  # 0: it waits
    _text("told_by", server_default=""),
    UniqueConstraint("session_id", "kind", "key"),
)

message_marks = Table(
    "message_marks",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _text("kind", primary_key=True),
    _ns("at_ns"),
)

health_changes = Table(
    "health_changes",
    METADATA,
    _id("health_change_id"),
    _text("rule"),
    _text("subject"),
    _text("before"),
    _text("after"),
    _money("value"),
    _money("limit"),
    _ns("at_ns"),
)

dead_letters = Table(
    "dead_letters",
    METADATA,
    _id("dead_letter_id"),
    _text("scope"),  # mode and group
    _text("fingerprint"),
    _text("reason"),
    _text("queue"),
    _text("task"),
    _text("task_id"),
    _text("arguments"),  # [args, kwargs] as JSON
    _text("error"),
    _text("text"),
    _count("failures"),
    _ns("first_at_ns"),
    _ns("last_at_ns"),
    _count("replays", server_default="0"),
    Column("replayed_at_ns", BigInteger, nullable=False, server_default="0"),  # 0: it waits
    UniqueConstraint("scope", "fingerprint"),
)

recoveries = Table(
    "recoveries",
    METADATA,
    _id("recovery_id"),
    _of("session_id", SESSION_ID, nullable=True),
    _text("component"),
    _text("cause"),
    _ns("lost_at_ns"),
    _ns("recovered_at_ns"),
    _text("detail"),
)


premiums = Table(
    "premiums",
    METADATA,
    Column("at_ns", BigInteger, primary_key=True, autoincrement=False),
    _text("coin", primary_key=True),
    _text("environment", primary_key=True),
    _text("pair", primary_key=True),
    *(
        _money(name)
        for name in (
            "first_bid",
            "first_ask",
            "second_bid",
            "second_ask",
            "rate_bid",
            "rate_ask",
            "premium_bps",
        )
    ),
    Column("selling_bps", Numeric),
    Column("buying_bps", Numeric),
)

premium_hours = Table(
    "premium_hours",
    METADATA,
    *(_text(name, primary_key=True) for name in ("coin", "environment", "pair")),
    Column("from_ns", BigInteger, primary_key=True, autoincrement=False),
    _ns("last_ns"),
    *(_money(name) for name in ("premium_bps", "low_bps", "high_bps")),
    Column("selling_bps", Numeric),
    Column("buying_bps", Numeric),
)

opportunities = Table(
    "opportunities",
    METADATA,
    _of("session_id", SESSION_ID, primary_key=True),
    _text("coin", primary_key=True),
    _text("direction", primary_key=True),
    Column("began_ns", BigInteger, primary_key=True, autoincrement=False),
    _ns("ended_ns"),
    _ns("peak_ns"),
    *(_money(name) for name in ("peak_bps", "quantity", "size_krw", "worth_krw")),
    _text("reason"),
    Column("reasons", JSONB, nullable=False),
    Column("trades", JSONB, nullable=False),
)


def _snapshots(name: str) -> Table:
    return Table(
        name,
        METADATA,
        _of("session_id", SESSION_ID, primary_key=True),
        _text("slot", primary_key=True),
        _text("kind"),
        _count("schema_version"),
        _text("checksum"),
        Column("ledger_position", BigInteger, nullable=False),
        Column("body", LargeBinary, nullable=False),
        _ns("taken_at_ns"),
        Column(
            "taken_at",
            DateTime(timezone=True),
            Computed("to_timestamp(taken_at_ns::double precision / 1000000000)", persisted=True),
            nullable=False,
        ),
        _count("chunk", primary_key=True, server_default="0"),
        _count("chunks", server_default="1"),
    )


# By the part of the state that each holds; the keys are `arb.domain.state.snapshot.PARTS`.
SNAPSHOTS: Final = {
    "session": _snapshots("session_snapshots"),
    "positions": _snapshots("position_snapshots"),
    "metrics": _snapshots("metrics_snapshots"),
    "risk_guard": _snapshots("risk_guard_snapshots"),
}
