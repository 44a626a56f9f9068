"""Settings: YAML files and environment into one checked, frozen object.

Order, later wins: config/default.yml, config/watchdog.yml, config/<mode>.yml, the file named by ARB_CONFIG,
what the running stack wrote about itself (`run/settings.json` in its home, so that `celery -A arb ...` typed
by hand finds it), environment variables (prefix `ARB_`, nesting by `__`), the accounts' keys that a mode
insists on. An unknown key or a bad value is one line that names the key.
"""

import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, assert_never

from pydantic import AfterValidator, Field, ValidationError

from arb.domain.errors import ConfigError
from arb.domain.market.ids import Venue
from arb.stack.home import Home, read_settings
from config.bounds import first_absurd
from config.coins import Coins
from config.consistency import first_conflict
from config.layers import environment, merge, variable, yaml_file
from config.operations import (
    AlertSettings,
    DegradationSettings,
    LogSettings,
    MessageSettings,
    SystemMonitorSettings,
    WatchdogSettings,
)
from config.pool import DatabaseSettings
from config.sections import (
    VENUES,
    AssumptionSettings,
    BinanceSettings,
    BithumbFact,
    BithumbSettings,
    CoinsSettings,
    FeedSettings,
    OrderSettings,
    PaperSettings,
    RecordSettings,
    RiskSettings,
    SettingsSection,
    SimSettings,
    SnapshotSettings,
    StrategySettings,
    UpbitSettings,
)
from config.server_address import PostgresAddress, RabbitAddress, RedisAddress, host_of, is_private
from config.web import WebSettings

FOLDER: Final = Path(__file__).parent
OF_PROCESS: Final = ("generation", "chosen")  # set by nobody
ACCOUNT: Final = "account"  # of a venue that does not tell whose a key is
ADDRESSES: Final = ("rest_url", "stream_url", "user_stream_url")
SECTIONS: Final = ("model_type", "model_attributes_type", "dict_type")  # what the checker calls it
NO_LIST: Final = "is no list, which in a file is [one, other] and in a variable one,other"
WORDS: Final = {
    "int_parsing": "is no whole number",
    "int_from_float": "is no whole number",
    "int_parsing_size": "is no number that anybody can mean",
    "int_type": "is no whole number",
    "decimal_parsing": "is no number",
    "decimal_type": "is no number",
    "finite_number": "is no number that has an end",
    "bool_parsing": "is neither true nor false",
    "bool_type": "is neither true nor false",
    "list_type": NO_LIST,
    "tuple_type": NO_LIST,
    "set_type": NO_LIST,
    "frozen_set_type": NO_LIST,
}


class RunMode(StrEnum):
    """What the engine trades on."""

    MOCK = "mock"
    PAPER = "paper"
    LIVE = "live"


def _of_two(value: tuple[Venue, Venue]) -> tuple[Venue, Venue]:
    if value[0] is value[1]:
        raise ValueError(f"{value[0]} is there twice: a pair needs two venues")
    return value


class Settings(SettingsSection):
    """Everything that can be configured."""

    mode: RunMode
    redis_url: RedisAddress | None = None
    broker_url: RabbitAddress | None = None  # RabbitMQ, in Redis's place as the primary broker
    database_url: PostgresAddress | None = None
    session: str | None = None  # this one instead of the one in use
    generation: int = 0  # which of the session's settings these are; counted, and set by nobody
    group: str = Field(default="", pattern=r"^[a-z0-9]{0,12}$")  # of coins; each has a session in use
    pair: Annotated[
        tuple[Venue, Venue], AfterValidator(_of_two)
    ]  # accounts are kept in what the first one quotes in
    coins: Coins  # none: all that both venues list
    chosen: tuple[str, ...] = ()  # which those are, where none are named; kept beside the settings
    watch: bool = False  # opens nothing: chances are only told of
    strategy: StrategySettings
    coins_settings: CoinsSettings
    orders: OrderSettings
    risk: RiskSettings
    feed: FeedSettings
    assumptions: AssumptionSettings
    binance: BinanceSettings
    upbit: UpbitSettings
    bithumb: BithumbSettings
    database: DatabaseSettings
    snapshot: SnapshotSettings
    record: RecordSettings
    sys_monitor: SystemMonitorSettings
    watchdog: WatchdogSettings
    degradation: DegradationSettings
    alerts: AlertSettings
    messages: MessageSettings
    logs: LogSettings
    sim: SimSettings
    paper: PaperSettings
    web: WebSettings

    @property
    def traded(self) -> tuple[str, ...]:
        """Return the coins that are traded: those that are named, or chosen so far of all."""
        return self.coins or self.chosen

    def of_coin(self, coin: str) -> "Settings":
        """Return the settings by which a coin is opened and closed. Raises: ValidationError."""
        own = self.coins_settings.get(coin, {})
        if not own:
            return self
        return self.model_copy(
            update={"strategy": StrategySettings.model_validate(self.strategy.model_dump() | own)}
        )

    def of(self, venue: Venue) -> BinanceSettings | UpbitSettings | BithumbSettings:
        """Return a venue's own settings."""
        match venue:
            case Venue.UPBIT:
                return self.upbit
            case Venue.BINANCE:
                return self.binance
            case Venue.BITHUMB:
                return self.bithumb
            case _:
                assert_never(venue)

    def label_of(self, venue: Venue) -> str:
        """Return what the operator calls an account; empty where the venue tells whose a key is."""
        return str(getattr(self.of(venue), ACCOUNT, ""))

    @property
    def leg_notional(self) -> Decimal:
        """Return what each leg is worth, in what the second venue quotes in.

        In a pair that quotes in one currency, which knows no rate, that is at the assumed one.
        """
        first, second = self.pair
        is_one = first.quote == second.quote
        return self.strategy.notional_usdt * (self.assumptions.krw_per_usdt if is_one else 1)

    @property
    def rest_urls(self) -> dict[Venue, str]:
        """Return where the pair's venues are asked."""
        return {venue: self.of(venue).rest_url for venue in self.pair}

    @property
    def scope(self) -> str:
        """Return the end of the Redis keys of one group: the mode, and the group if it has a name."""
        return f"{self.mode}:{self.group}" if self.group else self.mode.value

    @property
    def broker_prefix(self) -> str:
        """Return the beginning of the broker's names: no two modes or groups on one server share a queue."""
        return f"{self.scope}:"

    @property
    def fallback_prefix(self) -> str:
        """Return the beginning of the fallback broker's queue names, which are names of tables."""
        return self.broker_prefix.replace(":", "_")


LIVE_LIMITS: Final = (
    "risk.notional_per_coin_krw_max",
    "risk.notional_total_krw_max",
    "risk.trades_open_max",
    "risk.daily_loss_krw_max",
    "risk.loss_per_trade_krw_max",
    "risk.orders_per_minute_max",
    "strategy.notional_usdt",
)


def load(mode: str | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Return the checked settings of a mode. Raises: ConfigError with one line that says the fix."""
    environ = os.environ if environ is None else environ
    stack = running_stack(environ)
    chosen = chosen_mode(mode, environ, stack)
    own = [own_file(environ), stack, environment(environ)]
    if counted := [name for name in OF_PROCESS if any(name in layer for layer in own)]:
        raise ConfigError(f"{counted[0]}: unknown key; the known ones are in config/default.yml")
    settings = checked(chosen, (shipped(chosen), *own, keys_of(chosen, stack)))
    if settings.mode is RunMode.LIVE:
        _check_live(settings, own, environ)
    return settings


def chosen_mode(mode: str | None, environ: Mapping[str, str], stack: Mapping[str, Any]) -> RunMode:
    """Return the mode that is asked for, or that of the stack which runs here. Raises: ConfigError."""
    chosen = mode or environ.get("ARB_MODE") or stack.get("mode") or RunMode.MOCK
    if chosen not in tuple(RunMode):
        raise ConfigError(f"mode: {chosen!r} is not one of mock, paper, live")
    return RunMode(chosen)


def checked(mode: RunMode, layers: Iterable[Mapping[str, Any]]) -> Settings:
    """Return the settings that layers make, the later ones above, whatever money is at stake.

    Raises: ConfigError with one line that says the fix.
    """
    tree: dict[str, Any] = {}
    for layer in (*layers, {"mode": mode}):
        tree = merge(tree, layer)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_line(error)) from None
    if absurd := first_absurd(settings.model_dump()):
        raise ConfigError(absurd)
    if conflict := first_conflict(settings):
        raise ConfigError(f"{conflict}; change one of them in the file named by ARB_CONFIG")
    _check_coins(settings)
    if settings.mode is RunMode.MOCK:
        _check_mock(settings)
    _check_alerts(settings.alerts)
    return settings


def _check_coins(settings: Settings) -> None:
    """Refuse what cannot be of a coin of its own. Raises: ConfigError."""
    for coin in settings.coins_settings:
        if settings.coins and coin not in settings.coins:
            raise ConfigError(f"coins_settings.{coin}: is not in coins; add it there, or take this out")
        try:
            conflict = first_conflict(settings.of_coin(coin))
        except ValidationError as error:
            raise ConfigError(f"coins_settings.{coin}.{_line(error)}") from None
        if conflict:
            raise ConfigError(f"coins_settings.{coin}: {conflict}")


def running_stack(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings that this home's stack (or a demo inside it) runs with; empty if none runs."""
    return read_settings(running_home(environ))


def running_home(environ: Mapping[str, str]) -> Home:
    """Return the home whose stack runs, which may be the demo's; the one that is meant if none does."""
    home = Home(environ["ARB_HOME"]) if environ.get("ARB_HOME") else Home.default()
    return home.demo() if not read_settings(home) and read_settings(home.demo()) else home


def shipped(mode: RunMode) -> dict[str, Any]:
    """Return the defaults of a mode. Raises: ConfigError."""
    tree: dict[str, Any] = {}
    for name in ("default", "watchdog", mode):
        tree = merge(tree, yaml_file(FOLDER / f"{name}.yml"))
    return tree


def own_file(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what the file named by ARB_CONFIG says. Raises: ConfigError."""
    path = environ.get("ARB_CONFIG")
    return yaml_file(Path(path)) if path else {}


def keys_of(mode: str, stack: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accounts' keys that a mode insists on, so that real ones in the environment stay there.

    Paper mode signs nothing. A mock stack's simulators know the keys that were made up for them.
    """
    if mode == RunMode.PAPER:
        return {venue: {"credentials": None} for venue in VENUES}
    if mode == RunMode.MOCK:
        made_up = {venue: stack.get(venue, {}).get("credentials") for venue in VENUES}
        return {venue: {"credentials": keys} for venue, keys in made_up.items() if keys}
    return {}


def _line(error: ValidationError) -> str:
    first = error.errors()[0]
    key = ".".join(part for part in first["loc"] if isinstance(part, str))
    if first["type"] == "extra_forbidden":
        return f"{key}: unknown key; the known ones are in config/default.yml"
    where = f"set it in the file named by ARB_CONFIG or as {variable(key)}"
    if first["type"] == "missing":
        what = "one is missing" if isinstance(first["loc"][-1], int) else "missing"
        return f"{key}: {what}; {where}"
    if first["type"] in SECTIONS:
        return f"{key}: has keys of its own, as in config/default.yml, and is set by them"
    if first["type"] in WORDS:
        return f"{key}: {WORDS[first['type']]}; {where}"
    wrong = first["msg"].removeprefix("Value error, ")
    if wrong is first["msg"]:  # in the checker's words, which begin a sentence
        wrong = wrong[0].lower() + wrong[1:]
    return f"{key}: {wrong}; {where}"


def _check_alerts(alerts: AlertSettings) -> None:
    """Refuse an address that nobody could be told through. Raises: ConfigError without its secret."""
    if alerts.urls:
        from arb.adapters.alerts.channels import AppriseChannel  # its services take a while to import

        AppriseChannel([url.get_secret_value() for url in alerts.urls])


def _check_mock(settings: Settings) -> None:
    """Refuse an address that may be a real exchange's: nobody asked for real orders."""
    for venue in VENUES:
        for address in ADDRESSES:
            url = getattr(getattr(settings, venue), address)
            if not is_private(host_of(url)):
                key = f"{venue}.{address}"
                raise ConfigError(
                    f"{key}: mock mode trades with simulated exchanges on hosts of your own only, not with "
                    f"{host_of(url) or url}; take it out of the file named by ARB_CONFIG and out of "
                    f"{variable(key)}, or set ARB_MODE to paper or live"
                )


def _check_live(settings: Settings, own: list[dict[str, Any]], environ: Mapping[str, str]) -> None:
    """Refuse live mode unless everything dangerous was asked for in so many words."""
    if environ.get("LIVE_TRADING") != "1":
        raise ConfigError("mode: live needs the environment variable LIVE_TRADING=1")
    if not Path(".live_trading_ok").exists():
        raise ConfigError("mode: live needs the file .live_trading_ok in the working directory")
    for venue in settings.pair:
        if settings.of(venue).credentials is None:
            raise ConfigError(
                f"{venue}.credentials: missing; set {variable(venue + '.credentials.key')} and "
                f"{variable(venue + '.credentials.secret')}"
            )
    for venue in settings.pair:
        if ACCOUNT in type(settings.of(venue)).model_fields and not settings.label_of(venue):
            key = f"{venue}.{ACCOUNT}"
            raise ConfigError(
                f"{key}: missing; name the account that the key opens, for good: set it in the file named by "
                f"ARB_CONFIG or as {variable(key)}"
            )
    unseen = set(BithumbFact) - set(settings.bithumb.confirmed)
    if Venue.BITHUMB in settings.pair and unseen:
        raise ConfigError(
            f"bithumb.confirmed: lacks {', '.join(sorted(unseen))}: no test can show that of Bithumb; see "
            "each on an account of your own (docs/protocols/bithumb.md), and name it there once you have"
        )
    for key in LIVE_LIMITS:
        if not any(_has(layer, key) for layer in own):
            raise ConfigError(
                f"{key}: live mode does not start on a default limit; set it in the file named by "
                f"ARB_CONFIG or as {variable(key)}"
            )


def _has(tree: Mapping[str, Any], key: str) -> bool:
    node: Any = tree
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return False
        node = node[part]
    return True
