"""Answers of Binance Spot as its documentation gives them (docs/protocols/binance.md, source 1)."""

from tests.conformance.shapes import amount, anything, flag, one_of, rows, text, whole

SIDE = one_of("BUY", "SELL")
STATUS = one_of("NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "EXPIRED", "EXPIRED_IN_MATCH")
LEVEL = (amount, amount)
DEPTH = {"lastUpdateId": whole, "bids": [LEVEL], "asks": [LEVEL]}
TRADE = {
    "id": whole, "price": amount, "qty": amount, "quoteQty": amount, "time": whole, "isBuyerMaker": flag,
    "isBestMatch": flag,
}  # fmt: skip
AGGREGATE = {
    "a": whole, "p": amount, "q": amount, "f": whole, "l": whole, "T": whole, "m": flag, "M": flag,
}  # fmt: skip
KLINE = (whole, amount, amount, amount, amount, amount, whole, amount, whole, amount, amount, amount)
AVERAGE = {"mins": whole, "price": amount, "closeTime": whole}
PRICE = {"symbol": text, "price": amount}
BOOK_TICKER = {"symbol": text, "bidPrice": amount, "bidQty": amount, "askPrice": amount, "askQty": amount}
MINI_DAY = {
    "symbol": text, "openPrice": amount, "highPrice": amount, "lowPrice": amount, "lastPrice": amount,
    "volume": amount, "quoteVolume": amount, "openTime": whole, "closeTime": whole, "firstId": whole,
    "lastId": whole, "count": whole,
}  # fmt: skip
DAY = MINI_DAY | {
    "priceChange": amount, "priceChangePercent": amount, "weightedAvgPrice": amount, "prevClosePrice": amount,
    "lastQty": amount, "bidPrice": amount, "bidQty": amount, "askPrice": amount, "askQty": amount,
}  # fmt: skip
LIMIT_RULE = {"rateLimitType": text, "interval": text, "intervalNum": whole, "limit": whole}
SYMBOL = {
    "symbol": text, "status": "TRADING", "baseAsset": text, "baseAssetPrecision": whole, "quoteAsset": "USDT",
    "quotePrecision?": whole, "quoteAssetPrecision": whole, "baseCommissionPrecision": whole,
    "quoteCommissionPrecision": whole, "orderTypes": [text], "icebergAllowed": flag, "ocoAllowed": flag,
    "otoAllowed": flag, "opoAllowed": flag, "quoteOrderQtyMarketAllowed": flag, "allowTrailingStop": flag,
    "cancelReplaceAllowed": flag, "amendAllowed": flag, "pegInstructionsAllowed": flag,
    "isSpotTradingAllowed": flag, "isMarginTradingAllowed": flag, "filters": [anything], "permissions": rows,
    "permissionSets": [anything], "defaultSelfTradePreventionMode": text,
    "allowedSelfTradePreventionModes": [text],
}  # fmt: skip
EXCHANGE = {
    "timezone": "UTC", "serverTime": whole, "rateLimits": [LIMIT_RULE], "exchangeFilters": rows,
    "symbols": [SYMBOL], "sors?": rows,
}  # fmt: skip
ACK = {"symbol": text, "orderId": whole, "orderListId": -1, "clientOrderId": text, "transactTime": whole}
RESULT = ACK | {
    "price": amount, "origQty": amount, "executedQty": amount, "origQuoteOrderQty": amount,
    "cummulativeQuoteQty": amount, "status": STATUS, "timeInForce": text, "type": text, "side": SIDE,
    "workingTime?": whole, "selfTradePreventionMode": text, "expiryReason?": text, "strategyId?": whole,
    "strategyType?": whole,
}  # fmt: skip
FILL = {"price": amount, "qty": amount, "commission": amount, "commissionAsset": text, "tradeId": whole}
FILLED = RESULT | {"fills": [FILL], "status": "FILLED"}
RESTING = RESULT | {"fills": rows, "status": "NEW"}
EXPIRED = RESULT | {"fills": rows, "status": "EXPIRED", "expiryReason?": text}
CANCELED = RESULT | {"origClientOrderId": text, "status": "CANCELED"}
ORDER = {
    "symbol": text, "orderId": whole, "orderListId": -1, "clientOrderId": text, "price": amount,
    "origQty": amount, "executedQty": amount, "cummulativeQuoteQty": amount, "status": STATUS,
    "timeInForce": text, "type": text, "side": SIDE, "stopPrice": amount, "icebergQty": amount, "time": whole,
    "updateTime": whole, "isWorking": flag, "workingTime": whole, "origQuoteOrderQty": amount,
    "selfTradePreventionMode": text, "expiryReason?": text, "strategyId?": whole, "strategyType?": whole,
}  # fmt: skip
MY_TRADE = {
    "symbol": text, "id": whole, "orderId": whole, "orderListId": -1, "price": amount, "qty": amount,
    "quoteQty": amount, "commission": amount, "commissionAsset": text, "time": whole, "isBuyer": flag,
    "isMaker": flag, "isBestMatch": flag,
}  # fmt: skip
FOUR_RATES = {"maker": amount, "taker": amount, "buyer": amount, "seller": amount}
ACCOUNT = {
    "makerCommission": whole, "takerCommission": whole, "buyerCommission": whole, "sellerCommission": whole,
    "commissionRates": FOUR_RATES, "canTrade": True, "canWithdraw": flag, "canDeposit": flag,
    "brokered": flag, "requireSelfTradePrevention": flag, "preventSor": flag, "updateTime": whole,
    "accountType": "SPOT", "balances": [{"asset": text, "free": amount, "locked": amount}],
    "permissions": [text], "uid": whole,
}  # fmt: skip
COMMISSION = {
    "symbol": text, "standardCommission": FOUR_RATES, "specialCommission": FOUR_RATES,
    "taxCommission": FOUR_RATES,
    "discount": {
        "enabledForAccount": flag, "enabledForSymbol": flag, "discountAsset": text, "discount": amount,
    },
}  # fmt: skip
ORDER_COUNT = [LIMIT_RULE | {"count": whole}]

# What the venue says with which code, for clients that tell the words only
WORDS = {
    "doesn't have a reference price": "-2043",
    "Invalid symbol.": "-1121", "Invalid interval.": "-1120", "Invalid side.": "-1117",
    "Invalid orderType.": "-1116", "Invalid timeInForce.": "-1115", "Filter failure": "-1013",
    "Invalid quantity.": "-1013", "too much precision": "-1111", "Illegal characters": "-1100",
    "Mandatory parameter": "-1102", "sent when not required": "-1106", "strategyType was less": "-1134",
    "insufficient balance": "-2010", "Duplicate order sent": "-2010",
    "immediately match and take": "-2010", "Unknown order sent.": "-2011",
    "both were empty/null": "-1102", "cancel-replace failed": "-2022", "Order does not exist.": "-2013",
}  # fmt: skip
