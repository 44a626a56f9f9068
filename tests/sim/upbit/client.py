"""A small Upbit client for tests, written from the protocol and not from the simulator."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections import Counter
from contextlib import closing, contextmanager
from http.client import HTTPConnection, RemoteDisconnected
from urllib.parse import urlencode

import websocket

KEY = "test-access-key"
SECRET = "test-secret-key-that-is-long-enough-for-hs512"
DEADLINE_S = 10.0
DIGESTS = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}


class Reply:
    """An HTTP answer."""

    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.json = json.loads(body) if body else None

    @property
    def error(self):
        return self.status, self.json["error"]["name"]


class Client:
    """Speaks HTTP to one simulated Upbit."""

    def __init__(self, port):
        self.port = port

    def token(self, text="", algorithm="HS256", nonce=None):
        claims = {"access_key": KEY, "nonce": nonce or str(uuid.uuid4())}
        if text:
            claims |= {"query_hash": hashlib.sha512(text.encode()).hexdigest(), "query_hash_alg": "SHA512"}
        return "Bearer " + signed_token(claims, SECRET, algorithm)

    def send(self, method, path, query="", body=None, headers=None):
        """Return the reply; raises RemoteDisconnected if the server cut the connection."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)) as connection:
            target = f"{path}?{query}" if query else path
            connection.request(method, target, body=body, headers=headers or {})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    def public(self, path, **parameters):
        return self.send("GET", path, urlencode(parameters))

    def get(self, path, *pairs, method="GET", **parameters):
        pairs = [*pairs, *parameters.items()]
        text = "&".join(f"{name}={value}" for name, value in pairs)
        return self.send(method, path, urlencode(pairs), headers={"Authorization": self.token(text)})

    def delete(self, path, *pairs, **parameters):
        return self.get(path, *pairs, method="DELETE", **parameters)

    def post(self, path="/v1/orders", **body):
        text = "&".join(f"{name}={value}" for name, value in body.items())
        headers = {"Authorization": self.token(text), "Content-Type": "application/json; charset=utf-8"}
        return self.send("POST", path, body=json.dumps(body), headers=headers)

    def limit(self, side, price, volume, market="KRW-BTC", **more):
        body = {
            "market": market,
            "side": side,
            "ord_type": "limit",
            "volume": str(volume),
            "price": str(price),
        }
        return self.post(**body, **more)

    def balance(self, currency):
        rows = {row["currency"]: row for row in self.get("/v1/accounts").json}
        row = rows.get(currency, {"balance": "0", "locked": "0"})
        return row["balance"], row["locked"]

    def book(self, market="KRW-BTC", **parameters):
        """Return the rows with whole prices, as orders name them."""
        rows = self.public("/v1/orderbook", markets=market, **parameters).json[0]["orderbook_units"]
        return [row | {name: int(row[name]) for name in ("ask_price", "bid_price")} for row in rows]

    def settled(self, uuid_):
        """Return an order once it has ended."""
        return self.until(lambda: _ended(self.get("/v1/order", uuid=uuid_).json))

    def until(self, ask):
        """Return the first true answer of `ask`."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            answer = ask()
            if answer:
                return answer
            time.sleep(0.005)
        raise TimeoutError("the simulator did not get there")

    def fault(self, **fault):
        reply = self.send("POST", "/sim/faults", body=json.dumps(fault))
        assert reply.status == 200, reply.json

    def clear_faults(self):
        self.send("DELETE", "/sim/faults")

    def switch(self, **switches):
        reply = self.send("PUT", "/sim/upbit/switches", body=json.dumps(ROOMY | switches))
        assert reply.status == 200, reply.json

    def journal(self):
        return self.send("GET", "/sim/journal", "limit=100000").json["events"]

    def kinds(self):
        return Counter(event["kind"] for event in self.journal())

    @contextmanager
    def socket(self, *fields, path="/websocket/v1"):
        """Open a subscribed WebSocket; it is cut at the end, whatever state it is in."""
        header = [f"Authorization: {self.token()}"] if path != "/websocket/v1" else []
        socket = websocket.create_connection(
            f"ws://127.0.0.1:{self.port}{path}", header=header, suppress_origin=True, timeout=DEADLINE_S
        )
        try:
            if fields:
                socket.send(json.dumps([{"ticket": "test"}, *fields]))
            yield socket
        finally:
            socket.shutdown()


# Limits that no test meets by accident; the tests of limits narrow them.
ROOMY = {
    "rates": dict.fromkeys(("order", "default", "orderbook", "ticker", "trade", "market", "candle"), 100_000)
}
ROOMY["rates"] |= dict.fromkeys(("order-test", "order-cancel-all", "websocket-connect"), 100_000)


def receive(socket):
    """Return (opcode, message) of the next data frame."""
    opcode, data = socket.recv_data()
    return opcode, json.loads(data)


def signed_token(claims, secret, algorithm):
    """Return a token as the venue's documentation makes it."""
    parts = [{"alg": algorithm, "typ": "JWT"}, claims]
    signed = ".".join(_part(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
    signature = hmac.new(secret.encode(), signed.encode(), DIGESTS[algorithm]).digest()
    return f"{signed}.{_part(signature)}"


def _part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _ended(order):
    return order if order["state"] in ("done", "cancel") else None


__all__ = ["Client", "RemoteDisconnected", "receive"]
