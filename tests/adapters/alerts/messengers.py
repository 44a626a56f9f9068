"""Local servers that speak the APIs of Telegram and of Discord, by TLS, under those services' own names.

Nothing of the client is patched: a proxy on loopback leads `api.telegram.org:443` and `discord.com:443` here,
and the certificate is of an authority that the client is told to trust: the usual variables of requests.
"""

import json
import re
import socket
import ssl
import subprocess
import threading
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BOT_TOKEN = "987654321:AAmarkerTelegramToken_0123456789abcd"
CHAT_ID = "-1001234567890"
WEBHOOK_ID, WEBHOOK_TOKEN = "123456789012345678", "markerDiscordToken_0123456789-abcdef"
TELEGRAM_URL = f"tgram://{BOT_TOKEN}/{CHAT_ID}"
DISCORD_URL = f"discord://{WEBHOOK_ID}/{WEBHOOK_TOKEN}"
SECRETS = (BOT_TOKEN, BOT_TOKEN.partition(":")[2], WEBHOOK_TOKEN)
HOSTS = ("api.telegram.org", "discord.com")
TELEGRAM_TAGS = {"b", "strong", "i", "em", "u", "s", "code", "pre", "a"}


class _Markup(HTMLParser):
    """Takes what Telegram takes: these tags, each closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in TELEGRAM_TAGS:
            raise ValueError(f"Unsupported start tag {tag}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"Unexpected end tag {tag}")


@dataclass
class Messengers:
    """What they were sent, and how they behave."""

    telegram: list[dict[str, Any]] = field(default_factory=list)
    discord: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    limited: int = 0  # of the next posts to Discord: too many requests
    hangs: threading.Event = field(default_factory=threading.Event)  # Telegram, until `release`
    release: threading.Event = field(default_factory=threading.Event)
    proxy: str = ""
    authority: str = ""

    def environ(self) -> dict[str, str]:
        """Return the variables that lead a client here."""
        return {"HTTPS_PROXY": self.proxy, "https_proxy": self.proxy, "NO_PROXY": "127.0.0.1,localhost",
                "no_proxy": "127.0.0.1,localhost", "REQUESTS_CA_BUNDLE": self.authority}  # fmt: skip

    def answer(self, path: str, document: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
        if self.hangs.is_set() and path.startswith("/bot"):
            self.release.wait(60)
        if found := re.fullmatch(r"/bot([^/]+)/(\w+)", path):
            status, body = self._telegram(*found.groups(), document)
        elif found := re.fullmatch(r"/api/webhooks/(\d+)/([\w-]+)", path):
            status, body = self._discord(*found.groups(), document)
        else:
            status, body = 404, {"ok": False}
        if status >= 400:
            self.refused.append(f"{status} {body}")
        return status, body

    def _telegram(self, token: str, method: str, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        def refuse(code: int, why: str) -> tuple[int, dict[str, Any]]:
            return code, {"ok": False, "error_code": code, "description": why}

        if token != BOT_TOKEN:
            return refuse(401, "Unauthorized")
        if method != "sendMessage":
            return refuse(404, "Not Found")
        text = document.get("text", "")
        if str(document.get("chat_id")) != CHAT_ID:
            return refuse(400, "Bad Request: chat not found")
        if not text.strip() or len(text) > 4096:
            return refuse(400, "Bad Request: message text is empty or too long")
        if document.get("parse_mode", "").upper() == "HTML":
            markup = _Markup()
            try:
                markup.feed(text)
                markup.close()
            except ValueError as error:
                return refuse(400, f"Bad Request: can't parse entities: {error}")
        elif document.get("parse_mode") and text.count("_") % 2:
            return refuse(400, "Bad Request: can't parse entities: can't find end of the entity")
        self.telegram.append(document)
        return 200, {"ok": True, "result": {"message_id": len(self.telegram), "text": text}}

    def _discord(
        self, number: str, token: str, document: dict[str, Any]
    ) -> tuple[int, dict[str, Any] | None]:
        if number != WEBHOOK_ID:
            return 404, {"message": "Unknown Webhook", "code": 10015}
        if token != WEBHOOK_TOKEN:
            return 401, {"message": "Invalid Webhook Token", "code": 50027}
        if self.limited:
            self.limited -= 1
            return 429, {"message": "You are being rate limited.", "retry_after": 0.1, "global": False}
        text = document.get("content") or ""
        embeds = document.get("embeds") or []
        if (not text.strip() and not embeds) or len(text) > 2000:
            return 400, {"code": 50035, "message": "Invalid Form Body"}
        self.discord.append(document)
        return 204, None

    def __enter__(self) -> "Messengers":
        self._servers: list[Any] = []
        folder = Path(self.authority)
        key, certificate = folder / "key.pem", folder / "authority.pem"
        names = ",".join(f"DNS:{host}" for host in HOSTS)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
             "-days", "2", "-subj", "/CN=messengers", "-addext", f"subjectAltName={names}"],
            check=True, capture_output=True,
        )  # fmt: skip
        self.authority = str(certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        served = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        served.daemon_threads = True
        served.socket = context.wrap_socket(served.socket, server_side=True, do_handshake_on_connect=False)
        self._serve(served)
        self.proxy = f"http://127.0.0.1:{self._serve_proxy(served.server_port)}"
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _serve(self, server: Any) -> None:
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _serve_proxy(self, port: int) -> int:
        class Proxy(BaseHTTPRequestHandler):
            def do_CONNECT(self) -> None:
                host = self.path.partition(":")[0]
                if host not in HOSTS:
                    self.send_error(403)
                    return
                there = socket.create_connection(("127.0.0.1", port))
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pump, args=(there, self.connection), daemon=True)
                back.start()
                _pump(self.connection, there)
                back.join(5)
                there.close()
                self.close_connection = True

            def log_message(self, *_: object) -> None: ...

        server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        server.daemon_threads = True
        self._serve(server)
        return server.server_port


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def _handler(messengers: Messengers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, body = messengers.answer(self.path.partition("?")[0], json.loads(sent or b"{}"))
            answer = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None: ...

    return Handler
