"""Reading request parameters, with Binance's errors for what is missing or malformed."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl

from arb.sim.binance import errors

AMOUNT: Final = re.compile(r"([0-9]{1,20})(\.[0-9]{1,20})?")
AMOUNT_LEGAL: Final = r"^([0-9]{1,20})(\.[0-9]{1,20})?$"
CLIENT_ID: Final = re.compile(r"[a-zA-Z0-9\-_]{1,36}")
CLIENT_ID_LEGAL: Final = "^[a-zA-Z0-9-_]{1,36}$"
DECIMALS_MAX: Final = 8

Params = Mapping[str, str]


def merged(raw_query: str, raw_body: str) -> dict[str, str]:
    """Return form parameters of both places; the query string wins."""
    body = dict(parse_qsl(raw_body, keep_blank_values=True))
    return body | dict(parse_qsl(raw_query, keep_blank_values=True))


def require(params: Params, name: str) -> str:
    """Return a parameter that must be there and not be empty."""
    value = params.get(name)
    if value is None:
        raise errors.missing(name)
    if value == "":
        raise errors.BinanceError(-1105, f"Parameter '{name}' was empty.")
    return value


def amount(params: Params, name: str) -> Decimal:
    """Return a required price or quantity: plain digits, at most eight decimals."""
    value = require(params, name)
    if not AMOUNT.fullmatch(value):
        raise errors.illegal_characters(name, AMOUNT_LEGAL)
    if len(value.partition(".")[2].rstrip("0")) > DECIMALS_MAX:
        raise errors.too_precise(name)
    return Decimal(value)


def integer(params: Params, name: str, default: int | None = None) -> int | None:
    """Return an optional whole number."""
    value = params.get(name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 20:
        raise errors.illegal_characters(name, "^[0-9]{1,20}$")
    return int(value)


def client_id(params: Params, name: str) -> str:
    """Return a required client order id of legal form."""
    value = require(params, name)
    if not CLIENT_ID.fullmatch(value):
        raise errors.illegal_characters(name, CLIENT_ID_LEGAL)
    return value
