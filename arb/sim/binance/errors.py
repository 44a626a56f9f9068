"""Binance's error answers: HTTP status, code and text, as the public documentation gives them."""

from typing import Any

from arb.sim.core.fault_effects import VenueRejection


class BinanceError(VenueRejection):
    """An answer with a code. `retry_after_s` becomes the Retry-After header."""

    may_have_placed = False  # an order may exist in spite of the rejection

    def __init__(self, code: int, text: str, status: int = 400, retry_after_s: int | None = None) -> None:
        super().__init__(code, text, status, retry_after_s)
        self.code, self.text, self.status, self.retry_after_s = code, text, status, retry_after_s

    def body(self) -> dict[str, Any]:
        """Return the JSON body."""
        return {"code": self.code, "msg": self.text}


class ReplaceFailed(BinanceError):
    """What cancelReplace answers unless both of its halves did what they should."""

    def __init__(self, data: dict[str, Any]) -> None:
        is_half = "SUCCESS" in data.values()
        code, how = (-2021, " partially") if is_half else (-2022, "")
        super().__init__(code, f"Order cancel-replace{how} failed.", status=409 if is_half else 400)
        self._data = data
        self.may_have_placed = data["newOrderResult"] == "SUCCESS"

    def body(self) -> dict[str, Any]:
        """Return the JSON body, with what became of either half."""
        return super().body() | {"data": self._data}


def illegal_characters(name: str, legal: str) -> BinanceError:
    return BinanceError(-1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'.")


def missing(name: str) -> BinanceError:
    return BinanceError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def not_required(name: str) -> BinanceError:
    return BinanceError(-1106, f"Parameter '{name}' sent when not required.")


def unread(read: int, sent: int) -> BinanceError:
    return BinanceError(
        -1104, f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'."
    )


def too_precise(name: str) -> BinanceError:
    return BinanceError(-1111, f"Parameter '{name}' has too much precision.")


def filter_failure(name: str) -> BinanceError:
    return BinanceError(-1013, f"Filter failure: {name}")


def engine_rejection(text: str) -> BinanceError:
    return BinanceError(-2010, text)


def cancel_rejection(text: str) -> BinanceError:
    return BinanceError(-2011, text)


def bad_key_format() -> BinanceError:
    return BinanceError(-2014, "API-key format invalid.", status=401)


def unknown_key() -> BinanceError:
    return BinanceError(-2015, "Invalid API-key, IP, or permissions for action.", status=401)


def bad_signature() -> BinanceError:
    return BinanceError(-1022, "Signature for this request is not valid.")


def too_late() -> BinanceError:
    return BinanceError(-1021, "Timestamp for this request is outside of the recvWindow.")


def too_early() -> BinanceError:
    return BinanceError(-1021, "Timestamp for this request was 1000ms ahead of the server's time.")


def bad_window() -> BinanceError:
    return BinanceError(-1131, "recvWindow must be less than 60000")


def no_such_order() -> BinanceError:
    return BinanceError(-2013, "Order does not exist.")


def wrong_client_id() -> BinanceError:
    return BinanceError(-2039, "Client order ID is not correct for this order ID.")


def cancel_unknown() -> BinanceError:
    return BinanceError(-2011, "Unknown order sent.")


def amend_rejection(text: str) -> BinanceError:
    return BinanceError(-2038, text)


def backend_timeout() -> BinanceError:
    error = BinanceError(
        -1007,
        "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
        status=503,
    )
    error.may_have_placed = True
    return error
