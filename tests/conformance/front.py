"""A TLS front for clients with a fixed address: a proxy that leads one host to a simulator.

The client is told by its environment only (`HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`); the certificate is made
for the run.
"""

import datetime
import os
import select
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

READ_BYTES = 65_536


def lead(host: str, port: int, folder: Path) -> None:
    """Lead requests for `host` to `port` of this machine, from now on, in this process."""
    certificate = folder / "front.pem"
    certificate.write_bytes(_certificate(host))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    door = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(door, context, port), daemon=True).start()
    os.environ["HTTPS_PROXY"] = f"http://127.0.0.1:{door.getsockname()[1]}"
    os.environ["REQUESTS_CA_BUNDLE"] = str(certificate)


def _serve(door: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        caller, _address = door.accept()
        threading.Thread(target=_pass, args=(caller, context, port), daemon=True).start()


def _pass(caller: socket.socket, context: ssl.SSLContext, port: int) -> None:
    asked = b""
    while b"\r\n\r\n" not in asked:
        asked += caller.recv(READ_BYTES)
    caller.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    with (
        suppress(OSError),
        context.wrap_socket(caller, server_side=True) as inside,
        socket.create_connection(("127.0.0.1", port)) as outside,
    ):
        _pump(inside, outside)


def _pump(inside: ssl.SSLSocket, outside: socket.socket) -> None:
    other = {inside: outside, outside: inside}
    while True:
        ready = [inside] if inside.pending() else select.select([inside, outside], [], [])[0]
        for source in ready:
            data = source.recv(READ_BYTES)
            if not data:
                return
            other[source].sendall(data)


def _certificate(host: str) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
