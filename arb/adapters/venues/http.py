"""One venue's HTTP connections: reused, timed, never retried.

What matters about a failure is whether request bytes may have left. `NotSent` is raised only where that is
impossible: no connection could be had, or it could not be established. Everything later is `ReplyLost`,
also the reset of a connection that was kept alive: the venue may have read the request before it closed.
"""

import ssl
import threading
import time
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

import certifi
from urllib3 import BaseHTTPResponse, HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import EmptyPoolError, HTTPError

from arb.domain.errors import ArbError, ConfigError
from arb.ports.trading import Before, at_once
from arb.venues.request import HttpRequest, HttpResponse

BODY_BYTES_MAX: Final = 32 * 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
POOL_SIZE: Final = 8
USER_AGENT: Final = "arb"


class TransportError(ArbError):
    """No usable reply from a host. Names the host and the reason, never the request's parameters."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(host, reason)
        self.host, self.reason = host, reason

    def __str__(self) -> str:
        return f"{self.host}: {self.reason}"


class NotSent(TransportError):
    """Proven: not one byte of the request left."""


class NoConnectionFree(NotSent):
    """We have too many requests under way: the host has nothing to do with it."""


class ReplyLost(TransportError):
    """The request may have arrived; its reply did not."""


class _Before(threading.local):
    """What the thread that sends waits for right before its first byte."""

    call: Before = staticmethod(at_once)


_before = _Before()


class _PlainConnection(HTTPConnection):
    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        _before.call()
        super().endheaders(message_body, encode_chunked=encode_chunked)

    def connect(self) -> None:
        try:
            super().connect()
        except (HTTPError, OSError) as error:
            raise NotSent(self.host, _reason(error)) from None


class _TlsConnection(HTTPSConnection):
    def endheaders(self, message_body: Any = None, *, encode_chunked: bool = False) -> None:
        _before.call()
        super().endheaders(message_body, encode_chunked=encode_chunked)

    def connect(self) -> None:
        try:
            super().connect()
        except (HTTPError, OSError) as error:
            raise NotSent(self.host, _reason(error)) from None


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class HttpTransport:
    """Sends requests to one base URL; safe between threads, built after a fork."""

    def __init__(
        self, base_url: str, *, connect_timeout_ms: int, read_timeout_ms: int, pool_size: int = POOL_SIZE
    ) -> None:
        self._connect_s, self._read_s = connect_timeout_ms / 1000, read_timeout_ms / 1000
        parts = urlsplit(base_url)
        self._prefix = parts.path.rstrip("/")
        self._pool = _pool(parts.scheme, parts.hostname, parts.port, pool_size)

    def send(self, request: HttpRequest, before: Before = at_once) -> HttpResponse:
        """Send one request once and return its whole reply. Raises: NotSent, ReplyLost.

        `before` is called right before the first byte; what it raises of ours keeps that from leaving.
        """
        _before.call = before
        try:
            reply = self._pool.urlopen(
                request.method,
                _target(self._prefix, request),
                body=request.body or None,
                headers={"User-Agent": USER_AGENT, **request.headers},
                retries=False,
                redirect=False,
                timeout=Timeout(connect=self._connect_s, read=self._read_s),
                pool_timeout=self._connect_s,  # type: ignore[arg-type]  # fractions work, the stub says int
                preload_content=False,
            )
            return self._read(reply, time.monotonic() + self._read_s)
        except EmptyPoolError:
            raise NoConnectionFree(self._pool.host, "every connection is in use") from None
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            reason = _reason(error)
        finally:
            _before.call = at_once
        # Raised here, with nothing behind it: those messages hold the URL with its signature, or a header.
        raise ReplyLost(self._pool.host, reason)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()

    def _read(self, reply: BaseHTTPResponse, deadline_s: float) -> HttpResponse:
        """Return the reply, read within a time and a size: a read timeout alone bounds only silence."""
        body = bytearray()
        try:
            while chunk := reply.read1(CHUNK_BYTES):  # what is there, without waiting for more
                body += chunk
                if len(body) > BODY_BYTES_MAX or time.monotonic() > deadline_s:
                    raise ReplyLost(self._pool.host, f"no end of the reply after {len(body)} bytes")
        except (HTTPError, HTTPException, OSError, ReplyLost):
            reply.close()
            raise
        finally:
            reply.release_conn()
        headers = {name.lower(): text for name, text in reply.headers.items()}
        return HttpResponse(status=reply.status, headers=headers, body=bytes(body))


def _pool(scheme: str, host: str | None, port: int | None, size: int) -> HTTPConnectionPool:
    if not host or scheme not in ("http", "https"):
        raise ConfigError(f"rest_url: {scheme}://{host} is no http address")
    if scheme == "http":
        return _PlainPool(host, port, maxsize=size, block=True)
    context = ssl.create_default_context()  # the system's authorities
    context.load_verify_locations(certifi.where())  # and, on a slim image without any, our own
    return _TlsPool(host, port, maxsize=size, block=True, ssl_context=context)


def _target(prefix: str, request: HttpRequest) -> str:
    path = prefix + request.path
    return f"{path}?{request.query}" if request.query else path


def _reason(error: BaseException) -> str:
    """Return what went wrong without urllib3's text, which quotes the URL."""
    cause = error.__cause__ or error.__context__
    name = type(error).__name__
    return f"{name} ({type(cause).__name__})" if cause is not None else name
