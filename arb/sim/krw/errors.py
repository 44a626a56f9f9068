"""What Upbit answers when it says no.

Exchange errors carry a string name, quotation errors an integer one: branch on the name, not on
the HTTP status. Source: docs/protocols/upbit.md. Names the public lists leave out (a used
identifier, an order over `max_total`) are `invalid_parameter` here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from arb.sim.core.fault_effects import VenueRejection

EXCHANGE_ERRORS: Final[Mapping[str, tuple[int, str]]] = MappingProxyType(
    {
        "create_ask_error": (400, "주문 요청 정보가 올바르지 않습니다."),
        "create_bid_error": (400, "주문 요청 정보가 올바르지 않습니다."),
        "insufficient_funds_ask": (400, "주문가능한 금액이 부족합니다."),
        "insufficient_funds_bid": (400, "주문가능한 금액(KRW)이 부족합니다."),
        "under_min_total_ask": (400, "최소주문금액 이상으로 주문해주세요."),
        "under_min_total_bid": (400, "최소주문금액 이상으로 주문해주세요."),
        "invalid_price_ask": (400, "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요."),
        "invalid_price_bid": (400, "주문가격 단위를 잘못 입력하셨습니다. 확인 후 시도해주세요."),
        "validation_error": (400, "잘못된 API 요청입니다."),
        "invalid_parameter": (400, "잘못된 파라미터입니다."),
        "invalid_query_payload": (401, "JWT 헤더의 페이로드가 올바르지 않습니다."),
        "expired_jwt": (401, "Jwt가 만료되었습니다."),
        "jwt_verification": (401, "Jwt 토큰 검증에 실패했습니다."),
        "expired_access_key": (401, "만료된 API 키입니다."),
        "nonce_used": (401, "이미 요청한 nonce값이 다시 사용되었습니다."),
        "no_authorization_ip": (401, "허용되지 않은 IP 주소입니다."),
        "no_authorization_token": (401, "인증 토큰이 필요합니다."),
        "invalid_access_key": (401, "잘못된 엑세스 키입니다."),
        "market_offline": (403, "시스템 점검 중입니다. 점검이 완료된 후에 다시 시도해주세요."),
        "out_of_scope": (403, "권한이 부족합니다."),
        "order_not_found": (404, "주문을 찾지 못했습니다."),
        "deposit_not_found": (404, "입출금 정보를 찾지 못했습니다."),
        "withdraw_not_found": (404, "입출금 정보를 찾지 못했습니다."),
        "order_not_ready": (422, "주문 접수 처리 중입니다. 잠시 후 다시 시도해주세요."),
        "blocked": (418, "요청 수 제한을 반복해서 초과하여 차단되었습니다."),
        "too_many_requests": (429, "요청 수 제한을 초과했습니다."),
        "service_unavailable": (503, "시스템 점검 중입니다. 점검이 완료된 후에 다시 시도해주세요."),
        "server_error": (500, "알 수 없는 오류가 발생했습니다."),
    }
)

SOCKET_ERRORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "INVALID_AUTH": "인증 정보가 올바르지 않습니다.",
        "WRONG_FORMAT": "Format이 맞지 않습니다.",
        "NO_TICKET": "Ticket이 존재하지 않습니다.",
        "NO_TYPE": "Type이 존재하지 않습니다.",
        "NO_CODES": "Codes가 존재하지 않습니다.",
        "INVALID_PARAM": "지원하지 않는 파라미터입니다.",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """An HTTP status and the body that goes with it."""

    status: int
    name: str | int
    message: str

    def body(self) -> dict[str, object]:
        """Return the envelope every Upbit error travels in."""
        return {"error": {"name": self.name, "message": self.message}}


class KrwRejection(VenueRejection):
    """The simulated venue rejects a request; the reply says why."""

    def __init__(self, reply: ErrorReply) -> None:
        super().__init__(reply)
        self.reply = reply


class SocketRejection(Exception):
    """The simulated venue rejects a WebSocket message."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def body(self) -> dict[str, object]:
        """Return the error message of the WebSocket protocol."""
        return {"error": {"name": self.name, "message": SOCKET_ERRORS[self.name]}}


def rejection(name: str, detail: str | None = None) -> KrwRejection:
    """Return the exchange error called `name`, to be raised."""
    status, message = EXCHANGE_ERRORS[name]
    return KrwRejection(ErrorReply(status=status, name=name, message=detail or message))


def quotation_rejection(status: int, message: str) -> KrwRejection:
    """Return a quotation error: its name is the HTTP status as an integer."""
    return KrwRejection(ErrorReply(status=status, name=status, message=message))
