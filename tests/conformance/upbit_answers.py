"""Answers of Upbit (Korea) as its documentation gives them (docs.upbit.com/kr/reference)."""

from tests.conformance.shapes import (
    amount,
    amount_or_null,
    flag,
    number,
    one_of,
    rows,
    seoul_time,
    text,
    text_or_null,
    whole,
)

SIDE = one_of("ask", "bid")
EVENTS = {
    "warning": flag,
    "caution": {
        "PRICE_FLUCTUATIONS": flag, "TRADING_VOLUME_SOARING": flag, "DEPOSIT_AMOUNT_SOARING": flag,
        "GLOBAL_PRICE_DIFFERENCES": flag, "CONCENTRATION_OF_SMALL_ACCOUNTS": flag,
    },
}  # fmt: skip
PAIR = {"market": text, "korean_name": text, "english_name": text}
PAIR_IN_DETAIL = PAIR | {"market_event": EVENTS}
UNIT = {"ask_price": number, "bid_price": number, "ask_size": number, "bid_size": number}
BOOK = {
    "market": text, "timestamp": whole, "total_ask_size": number, "total_bid_size": number,
    "orderbook_units": [UNIT], "level": number,
}  # fmt: skip
INSTRUMENT = {"market": text, "quote_currency": "KRW", "tick_size": amount, "supported_levels": [amount]}
LEVELS = {"market": text, "supported_levels": [number]}
TICKER = {
    "market": text, "trade_date": text, "trade_time": text, "trade_date_kst": text, "trade_time_kst": text,
    "trade_timestamp": whole, "opening_price": number, "high_price": number, "low_price": number,
    "trade_price": number, "prev_closing_price": number, "change": one_of("RISE", "EVEN", "FALL"),
    "change_price": number, "change_rate": number, "signed_change_price": number,
    "signed_change_rate": number, "trade_volume": number, "acc_trade_price": number,
    "acc_trade_price_24h": number, "acc_trade_volume": number, "acc_trade_volume_24h": number,
    "highest_52_week_price": number, "highest_52_week_date": text,
    "lowest_52_week_price": number, "lowest_52_week_date": text,
    "timestamp": whole,
}  # fmt: skip
TICK = {
    "market": text, "trade_date_utc": text, "trade_time_utc": text, "timestamp": whole, "trade_price": number,
    "trade_volume": number, "prev_closing_price": number, "change_price": number,
    "ask_bid": one_of("ASK", "BID"), "sequential_id": whole,
}  # fmt: skip
CANDLE = {
    "market": text, "candle_date_time_utc": text, "candle_date_time_kst": text, "opening_price": number,
    "high_price": number, "low_price": number, "trade_price": number, "timestamp": whole,
    "candle_acc_trade_price": number, "candle_acc_trade_volume": number,
}  # fmt: skip
MINUTE = CANDLE | {"unit": whole}
DAY = CANDLE | {
    "prev_closing_price": number, "change_price": number, "change_rate": number,
    "converted_trade_price?": number,
}  # fmt: skip
PERIOD = CANDLE | {"first_day_of_period": text}
ACCOUNT = {
    "currency": text, "balance": amount, "locked": amount, "avg_buy_price": amount,
    "avg_buy_price_modified": flag, "unit_currency": "KRW",
}  # fmt: skip
CHANCE = {
    "bid_fee": amount, "ask_fee": amount, "maker_bid_fee": amount, "maker_ask_fee": amount,
    "market": {
        "id": text, "name": text, "order_types": rows, "order_sides": [SIDE], "bid_types": [text],
        "ask_types": [text], "bid": {"currency": "KRW", "min_total": amount},
        "ask": {"currency": text, "min_total": amount}, "max_total": amount, "state": "active",
    },
    "bid_account": ACCOUNT, "ask_account": ACCOUNT,
}  # fmt: skip
WALLET = {
    "currency": text, "wallet_state": "working", "block_state": text, "block_height": whole,
    "block_updated_at": text, "block_elapsed_minutes": whole, "net_type": text, "network_name": text,
}  # fmt: skip
TRANSFER = {
    "type": text, "uuid": text, "currency": text, "net_type": text_or_null, "txid": text, "state": text,
    "created_at": seoul_time, "done_at": seoul_time, "amount": amount, "fee": amount,
    "transaction_type": one_of("default", "internal"),
}  # fmt: skip
DEPOSIT = TRANSFER | {"type": "deposit", "state": "ACCEPTED"}
DEPOSIT_CHANCE = {
    "currency": text, "net_type": text, "is_deposit_possible": True, "deposit_impossible_reason": "",
    "minimum_deposit_amount": amount, "minimum_deposit_confirmations": whole, "decimal_precision": whole,
}  # fmt: skip
ADDRESS = {"currency": text, "net_type": text, "deposit_address": text, "secondary_address": text_or_null}
VASP = {"vasp_name": text, "vasp_uuid": text, "depositable": flag, "withdrawable": flag}
WITHDRAW_CHANCE = {
    "member_level": {
        "security_level": whole, "fee_level": whole, "email_verified": flag, "identity_auth_verified": flag,
        "bank_account_verified": flag, "two_factor_auth_verified": flag, "locked": flag,
        "wallet_locked": flag,
    },
    "currency": {
        "code": text, "withdraw_fee": amount, "is_coin": flag, "wallet_state": "working",
        "wallet_support": [one_of("deposit", "withdraw")],
    },
    "account": ACCOUNT,
    "withdraw_limit": {
        "currency": text, "onetime": amount_or_null, "daily": amount_or_null,
        "remaining_daily": amount_or_null, "remaining_daily_fiat": amount, "fiat_currency": "KRW",
        "minimum": amount, "fixed": whole, "withdraw_delayed_fiat": amount, "can_withdraw": True,
    },
}  # fmt: skip
KEY = {"access_key": text, "expire_at": seoul_time}
ORDER = {
    "uuid": text, "side": SIDE, "ord_type": text, "price?": amount_or_null, "state": text, "market": text,
    "created_at": seoul_time, "volume?": amount_or_null, "remaining_volume?": amount_or_null,
    "reserved_fee": amount, "remaining_fee": amount, "paid_fee": amount, "locked": amount,
    "executed_volume": amount, "executed_funds?": amount, "trades_count": whole,
    "time_in_force?": one_of("ioc", "fok", "post_only"), "identifier?": text, "smp_type?": text,
    "prevented_volume": amount, "prevented_locked": amount,
}  # fmt: skip
WAITING = ORDER | {"state": "wait"}
TRADE = {
    "market": text, "uuid": text, "price": amount, "volume": amount, "funds": amount,
    "trend": one_of("up", "down"), "created_at": seoul_time, "side": SIDE,
}  # fmt: skip
SHOWN = ORDER | {"trades": rows}
TRADED = ORDER | {"trades": [TRADE]}
REPLACED = ORDER | {"new_order_uuid": text, "new_order_identifier?": text, "trades?": rows}
MANY = {"count": whole, "orders": rows}
CANCELED_MANY = {"success": MANY, "failed": MANY}
