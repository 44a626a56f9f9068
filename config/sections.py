"""The parts of the settings by which is traded: strategy, orders, ceilings, feeds, venues, what is kept.

`config.operations`, `config.pool` and `config.web` are the parts by which it is run and watched.
"""

from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from arb.domain.market.ids import Venue
from arb.venues.api_key import cleaned
from config.server_address import RestAddress, StreamAddress

VENUES: Final = tuple(venue.value for venue in Venue)


class StrategyName(StrEnum):
    """Which rules open and close trades."""

    FIXED = "fixed"
    PAIR = "pair"
    INVENTORY = "inventory"


LEARNS: Final = frozenset({StrategyName.PAIR, StrategyName.INVENTORY})
# Keys of `strategy` that not all of them read.
READ_BY: Final = MappingProxyType(
    {
        "entry_edge_bps": frozenset({StrategyName.FIXED}),
        "converged_bps": frozenset({StrategyName.FIXED}),
        "min_profit_bps": LEARNS,
        "slippage_bps": LEARNS,
        "level_half_life_s": LEARNS,
        "level_assumed_bps": LEARNS,
        "inventory_band": frozenset({StrategyName.INVENTORY}),
    }
)


class SettingsSection(BaseModel):
    """A part of the settings: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _clean_key(value: SecretStr) -> SecretStr:
    return SecretStr(cleaned(value.get_secret_value()))


Positive = Field(gt=0)
NotNegative = Field(ge=0)
WHOLE_BPS: Final = 10_000  # a price that is off by all of itself
Share = Field(gt=0, lt=WHOLE_BPS)
ShareOrNone = Field(ge=0, lt=WHOLE_BPS)
# What tells a price that is none from one that is: a decimal that is misplaced takes nine tenths of it off.
MISPLACED_BPS: Final = 9_000
Sane = Field(gt=0, lt=MISPLACED_BPS)
Signed = Field(gt=-WHOLE_BPS, lt=WHOLE_BPS)
Balances = dict[str, Annotated[Decimal, NotNegative]]
KeyText = Annotated[SecretStr, AfterValidator(_clean_key)]


class StrategySettings(SettingsSection):
    """When a pair is opened and closed."""

    name: StrategyName
    notional_usdt: Decimal = Positive
    min_profit_bps: Decimal = Share
    slippage_bps: Decimal = ShareOrNone
    level_half_life_s: int = Field(ge=600, le=30 * 86_400)
    level_assumed_bps: Decimal | None = Field(default=None, gt=-WHOLE_BPS, lt=WHOLE_BPS)
    inventory_band: Decimal = Field(gt=0, le=1)
    entry_edge_bps: Decimal = Signed
    converged_bps: Decimal = Signed
    take_profit_bps: Decimal = Share
    stop_loss_bps: Decimal = Share
    holding_s_max: int = Positive
    holding_loss_bps_max: Decimal = Field(ge=0, le=WHOLE_BPS)
    round_trip_may_lose: bool
    slip_bps: Decimal = ShareOrNone


# What a coin may have of its own: when it is opened and closed. Sizes, stop-losses and limits are of all.
OF_COIN: Final = frozenset(
    {
        "name",
        "min_profit_bps",
        "slippage_bps",
        "inventory_band",
        "entry_edge_bps",
        "converged_bps",
        "take_profit_bps",
        "holding_s_max",
    }
)


def _of_coins(value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    for coin, own in value.items():
        if unknown := sorted(own.keys() - OF_COIN):
            raise ValueError(f"{unknown[0]} of {coin} is none of {', '.join(sorted(OF_COIN))}")
    return {coin.upper(): own for coin, own in value.items()}


CoinsSettings = Annotated[dict[str, dict[str, Any]], AfterValidator(_of_coins)]


class OrderSettings(SettingsSection):
    """How an intent is sent and looked after."""

    lifetime_ms: int = Field(gt=0, le=20_000)  # a retry counts down no longer; the broker gives up at 30 s
    http_timeout_ms: int = Positive
    recv_window_ms: int = Field(gt=0, le=60_000)
    overdue_ms: int = Positive
    repair_time_s_max: int = Positive
    repair_loss_bps_max: Decimal = Share
    repair_attempts_max: int = Positive
    repair_failures_max: int = Positive


class RiskSettings(SettingsSection):
    """The section `risk`: ceilings of what may be open, lost and ordered."""

    notional_per_coin_krw_max: Decimal = Positive
    notional_total_krw_max: Decimal = Positive
    trades_open_max: int = Positive
    trades_open_per_coin_max: int = Positive
    daily_loss_krw_max: Decimal = Positive
    loss_per_trade_krw_max: Decimal = Positive
    rate_reserve_bps: Decimal = Share
    net_direction_krw_max: Decimal = Positive
    inventory_drift_krw_max: Decimal = Positive
    orders_per_minute_max: int = Positive
    entry_cooldown_ms: int = Field(ge=0, le=60_000)
    reentry_pause_s: int = Positive
    reentry_pause_s_max: int = Field(gt=0, le=86_400)
    premium_bps_abs_max: Decimal = Sane
    price_band_bps_max: Decimal = Sane
    spread_bps_max: Decimal = Sane
    hole_s_max: int = Positive
    rate_move_bps_max: Decimal = Sane
    warnings_blocked: tuple[str, ...]
    stability_window_s: int = Positive
    stability_samples_min: int = Positive
    stability_score_min: Decimal = Field(ge=0, le=1)
    circuit_claims_min: int = Positive
    circuit_s: int = Positive
    exits_unanswered_max: int = Positive
    unfilled_window_s: int = Positive
    unfilled_entries_min: int = Positive
    unfilled_share_min: Decimal = Field(gt=0, le=1)
    unfilled_coins_min: int = Positive
    unfilled_rest_s: int = Positive
    unfilled_rest_s_max: int = Field(gt=0, le=86_400)
    quote_age_ms_max: int = Positive
    rate_age_ms_max: int = Positive
    rate_settle_s: int = Field(gt=0, le=600)
    rate_memory_s: int = Positive


class FeedSettings(SettingsSection):
    """The section `feed`: how quotes come in."""

    flush_interval_ms: int = Positive
    depth_levels: int = Field(gt=0, le=20)
    silence_ms_max: int = Positive
    workers: int = Field(gt=0, le=32)
    coins_max: int = Field(gt=0, le=510)  # two streams each, and a stamped one, of 1,024 at Binance

    @property
    def room(self) -> int:
        """Return how many coins all feed workers together take."""
        return self.workers * self.coins_max


class CredentialSettings(SettingsSection):
    """A key pair; never printed."""

    key: KeyText
    secret: KeyText


class AssumptionSettings(SettingsSection):
    """What is reckoned with before a venue is asked."""

    krw_per_usdt: Decimal = Positive
    rate_step_krw: Decimal = Positive
    spread_bps: Decimal = ShareOrNone
    move_usdt: Decimal = NotNegative


class BithumbFact(StrEnum):
    """What no test without an account of one's own can show of Bithumb: docs/protocols/bithumb.md."""

    USED_IDS = "used-ids"
    OLD_TOKENS = "old-tokens"
    REPEATED_NONCES = "repeated-nonces"
    PARTIAL_FILLS = "partial-fills"
    FEES_IN_KRW = "fees-in-krw"
    PRIVATE_STREAM = "private-stream"


class BinanceSettings(SettingsSection):
    """Where Binance is, how fast it may be asked, and what it takes."""

    taker_fee_bps: Decimal = ShareOrNone
    rest_url: RestAddress
    stream_url: StreamAddress
    user_stream_url: StreamAddress
    weight_per_minute: int = Positive
    orders_per_10s: int = Positive
    credentials: CredentialSettings | None = None


class KrwVenueSettings(SettingsSection):
    """Where a venue that quotes in KRW is, how fast it may be asked, and what it takes."""

    taker_fee_bps: Decimal = ShareOrNone
    rest_url: RestAddress
    stream_url: StreamAddress
    user_stream_url: StreamAddress
    orders_per_s: int = Positive
    requests_per_s: int = Positive
    account: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,32}$")  # what the operator calls it
    credentials: CredentialSettings | None = None


class UpbitSettings(KrwVenueSettings):
    """The section `upbit`."""


class BithumbSettings(KrwVenueSettings):
    """Those of Bithumb, and what of it somebody has seen."""

    confirmed: tuple[BithumbFact, ...]  # by whoever trades with real money; each is asked for


class SnapshotSettings(SettingsSection):
    """How often state is imaged, and how long images are kept."""

    interval_s: int = Positive
    on_trade_interval_s: int = Positive
    keep_days: int = Positive


class RecordSettings(SettingsSection):
    """What is kept of what was there to be earned."""

    enabled: bool
    near_bps: Decimal = ShareOrNone
    keep_days: int = Field(gt=0, le=3_650)
    rows_per_day_max: int = Positive
    books: bool
    books_mb_max: int = Positive


def _of_venues(value: dict[str, Balances]) -> dict[str, Balances]:
    for name in value:
        if name not in VENUES:
            raise ValueError(f"{name} is no venue: {' or '.join(VENUES)}")
    return value


class SimSettings(SettingsSection):
    """The simulated market of mock mode."""

    seed: int = NotNegative
    step_ms: int = Field(ge=10)
    premium_stdev_bps: Decimal = Share
    premium_half_life_s: Decimal = Positive
    data: str | None = None  # a generation that was frozen before has none, nor the next one
    played_s: int = Field(default=0, ge=0)  # when that began, Unix: a paper account for each time


class PaperSettings(SettingsSection):
    """What a paper account begins with, by venue and asset, and how long its orders take."""

    latency_ms: int = Field(default=150, ge=0, le=5_000)  # a generation that was frozen before has none
    balances: Annotated[dict[str, Balances], AfterValidator(_of_venues)]
