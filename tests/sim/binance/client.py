"""A small Binance client for tests, written from the protocol and not from the simulator."""

import hashlib
import hmac
import json
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlencode

import websocket

KEY, SECRET = "test-key", "test-secret"
DEADLINE_S = 10.0


class Reply:
    """An HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.json = json.loads(body) if body else None

    @property
    def error(self):
        return self.status, self.json["code"], self.json["msg"]


def sign(payload):
    return hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()


class Client:
    """Speaks HTTP and WebSocket to one simulated Binance."""

    def __init__(self, port):
        self.port = port

    def send(self, method, path, query="", body=None, headers=None):
        """Return the reply; raises RemoteDisconnected or ConnectionResetError if it was cut."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)) as connection:
            connection.request(method, f"{path}?{query}" if query else path, body=body, headers=headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def public(self, path, **params):
        return self.send("GET", path, urlencode(params))

    def signed(self, method, path, **params):
        """Send a signed request; `timestamp`, `key` and `signature` may be given to break it."""
        key, signature = params.pop("key", KEY), params.pop("signature", None)
        query = urlencode({"timestamp": time.time_ns() // 1_000_000} | params)
        query += f"&signature={signature or sign(query)}"
        return self.send(method, path, query, headers={"X-MBX-APIKEY": key} if key else {})

    def order(self, side="BUY", kind="LIMIT", symbol="BTCUSDT", **params):
        if kind == "LIMIT":
            params = {"timeInForce": "IOC"} | params
        return self.signed("POST", "/api/v3/order", symbol=symbol, side=side, type=kind, **params)

    def find(self, client_id, symbol="BTCUSDT"):
        return self.signed("GET", "/api/v3/order", symbol=symbol, origClientOrderId=client_id)

    def cancel(self, client_id, **params):
        given = {"symbol": "BTCUSDT", "origClientOrderId": client_id} | params
        return self.signed("DELETE", "/api/v3/order", **given)

    def top(self, symbol="BTCUSDT"):
        ticker = self.public("/api/v3/ticker/bookTicker", symbol=symbol).json
        return float(ticker["bidPrice"]), float(ticker["askPrice"])

    def buy_price(self):
        """Return a price that takes from several levels."""
        return f"{self.top()[1] * 1.002:.2f}"

    def rest_price(self):
        """Return a price that rests."""
        while not (bid := self.top()[0]):  # what was there was just sold into; the next step brings more
            time.sleep(0.02)
        return f"{bid * 0.9:.2f}"

    def sim(self, what):
        return self.send("GET", f"/sim/{what}").json

    def fault(self, **fault):
        reply = self.send("POST", "/sim/faults", body=json.dumps(fault))
        assert reply.status == 200, reply.json

    def clear_faults(self):
        self.send("DELETE", "/sim/faults")

    def known(self, client_id):
        """Return the orders that exist with a client id, from the venue's own truth."""
        return [order for order in self.sim("orders")["orders"] if order["client_id"] == client_id]

    def until(self, ask):
        """Return the first true answer of `ask`."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            answer = ask()
            if answer:
                return answer
            time.sleep(0.01)
        raise TimeoutError("the simulator did not get there")

    @contextmanager
    def socket(self, path):
        """Yield a WebSocket, and close it whatever the server did to it."""
        socket = websocket.create_connection(f"ws://127.0.0.1:{self.port}{path}", timeout=DEADLINE_S)
        try:
            yield socket
        finally:
            socket.shutdown()

    def call(self, socket, method, identity="1", **params):
        """Send a signed WebSocket API request and return its answer."""
        self.call_unanswered(socket, method, identity, **params)
        while True:
            answer = json.loads(socket.recv())
            if answer.get("id") == identity:
                return answer

    def call_unanswered(self, socket, method, identity="-", **params):
        """Send a signed WebSocket API request and do not wait."""
        params |= {"apiKey": KEY, "timestamp": time.time_ns() // 1_000_000}
        params["signature"] = sign("&".join(f"{name}={params[name]}" for name in sorted(params)))
        socket.send(json.dumps({"id": identity, "method": method, "params": params}))
