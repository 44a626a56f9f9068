"""What can be deposited and withdrawn, and where to, as Upbit writes it.

Pure. An address can be told from a real one at a glance: nothing that is sent to it can arrive.
"""

import hashlib
from decimal import Decimal
from typing import Any, Final

from arb.sim.core.fault_kinds import WalletState
from arb.sim.krw.forms import QUOTE
from arb.sim.krw.text import plain, seeded_uuid
from arb.sim.upbit.transfers import DEPOSIT, WITHDRAW, network_of

PRECISION: Final = 8
SMALLEST: Final = Decimal("0.00000001")
CONFIRMATIONS: Final = 3
DAILY_KRW: Final = Decimal(5_000_000_000)  # the highest level's, all currencies together
SMALLEST_KRW: Final = Decimal(5_000)
OPEN_FOR: Final = {
    None: (DEPOSIT, WITHDRAW),
    WalletState.DEPOSIT_ONLY: (DEPOSIT,),
    WalletState.WITHDRAW_ONLY: (WITHDRAW,),
}


def deposit_chance_json(coin: str, closed: WalletState | None) -> dict[str, Any]:
    """Return /v1/deposits/chance/coin."""
    is_open = DEPOSIT in OPEN_FOR.get(closed, ())
    return {
        "currency": coin,
        "net_type": network_of(coin),
        "is_deposit_possible": is_open,
        "deposit_impossible_reason": "" if is_open else "입금이 일시 중단되었습니다.",
        "minimum_deposit_amount": plain(SMALLEST),
        "minimum_deposit_confirmations": CONFIRMATIONS,
        "decimal_precision": PRECISION,
    }


def address_json(coin: str) -> dict[str, Any]:
    """Return where a coin is deposited."""
    return {
        "currency": coin,
        "net_type": network_of(coin),
        "deposit_address": f"simulated-{coin}-{hashlib.sha256(coin.encode()).hexdigest()[:32]}",
        "secondary_address": None,
    }


def vasp_json(name: str) -> dict[str, Any]:
    """Return an exchange that the travel rule lets money come from and go to."""
    uuid = seeded_uuid(f"vasp:{name}")
    return {"vasp_name": name, "vasp_uuid": uuid, "depositable": True, "withdrawable": True}


def withdraw_chance_json(currency: str, closed: WalletState | None, account: Any) -> dict[str, Any]:
    """Return /v1/withdraws/chance; `account` is the currency's line of /v1/accounts."""
    is_coin, open_for = currency != QUOTE, OPEN_FOR.get(closed, ())
    return {
        "member_level": {
            "security_level": 4,
            "fee_level": 0,
            "email_verified": True,
            "identity_auth_verified": True,
            "bank_account_verified": True,
            "two_factor_auth_verified": True,
            "locked": False,
            "wallet_locked": False,
        },
        "currency": {
            "code": currency,
            "withdraw_fee": "0",
            "is_coin": is_coin,
            "wallet_state": "unsupported" if closed is WalletState.UNSUPPORTED else "working",
            "wallet_support": list(open_for),
        },
        "account": account,
        "withdraw_limit": {
            "currency": currency,
            "onetime": None if is_coin else plain(DAILY_KRW),
            "daily": None if is_coin else plain(DAILY_KRW),
            "remaining_daily": None if is_coin else plain(DAILY_KRW),
            "remaining_daily_fiat": plain(DAILY_KRW),
            "fiat_currency": QUOTE,
            "minimum": plain(SMALLEST if is_coin else SMALLEST_KRW),
            "fixed": PRECISION if is_coin else 0,
            "withdraw_delayed_fiat": "0",
            "can_withdraw": WITHDRAW in open_for,
        },
    }
