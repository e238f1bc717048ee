"""Certificate authorities of tests, and servers on loopback: CloudFront over TLS, and a proxy."""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_ANSWER = (
    b"<Invalidation><Id>I1</Id><Status>InProgress</Status><CreateTime>2026-01-01T00:00:00Z</CreateTime>"
    b"<InvalidationBatch><Paths><Quantity>1</Quantity><Items><Path>/a</Path></Items></Paths>"
    b"<CallerReference>r</CallerReference></InvalidationBatch></Invalidation>"
)

_KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
    *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


def name_of(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Authority:
    """A certificate authority: a root, or one below another."""

    def __init__(self, name: x509.Name, parent: Self | None = None) -> None:
        self._name = name
        self._key = ec.generate_private_key(ec.SECP256R1())
        signer = parent or self
        self._certificate = signer._sign(name, self._key, x509.BasicConstraints(ca=True, path_length=None))  # noqa: SLF001
        self._is_root = parent is None

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, constraints: x509.BasicConstraints
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        own, issuer = key.public_key(), self._key.public_key()
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer)
        builder = x509.CertificateBuilder(self._name, subject, own, x509.random_serial_number())
        builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        builder = builder.add_extension(constraints, critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        builder = builder.add_extension(identifier, critical=False)
        if constraints.ca:
            # Python 3.13 verifies strictly at a proxy: a CA must say that it signs certificates.
            usage = dict.fromkeys(_KEY_USAGES, False) | {"key_cert_sign": True}
            builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
        else:
            names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def issue_for_localhost(self, file: Path) -> Path:
        """Write the key and the certificate chain of a server on localhost."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._sign(name_of("localhost"), key, x509.BasicConstraints(ca=False, path_length=None))
        kind, no_password = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        encoding = serialization.Encoding.PEM
        chain = [key.private_bytes(encoding, kind, no_password), leaf.public_bytes(encoding)]
        file.write_bytes(b"".join(chain if self._is_root else [*chain, self.pem]))
        return file


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that refuse the server's certificate."""


class _CloudFront(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(201)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.end_headers()
        self.wfile.write(_ANSWER)

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""


class _Proxy(BaseHTTPRequestHandler):
    targets: list[str]

    def do_CONNECT(self) -> None:
        self.targets.append(self.path)
        host, _, port = self.path.partition(":")
        with socket.create_connection((host, int(port))) as target:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: target, target: self.connection}
            while data := self._relay(ends):
                del data

    def _relay(self, ends: dict[socket.socket, socket.socket]) -> bytes:
        # A TLS socket may hold decrypted data that select does not see.
        pending = isinstance(self.connection, ssl.SSLSocket) and self.connection.pending()
        source = self.connection if pending else select.select(list(ends), [], [], 10)[0][0]
        data: bytes = source.recv(65536)
        ends[source].sendall(data)
        return data

    def log_message(self, *arguments: Any) -> None:
        """Print nothing."""


@contextmanager
def _serve(server: ThreadingHTTPServer) -> Iterator[int]:
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def tls_server(authority: Authority, folder: Path) -> Iterator[str]:
    """Accept invalidations at a URL, with a certificate of an authority."""
    server = _QuietServer(("127.0.0.1", 0), _CloudFront)
    _add_tls(server, authority.issue_for_localhost(folder / "server.pem"))
    with _serve(server) as port:
        yield f"https://localhost:{port}"


def _add_tls(server: ThreadingHTTPServer, certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The handshake belongs to the connection's thread: a client that stalls must not stop the server.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)


@contextmanager
def proxy_server(certificate: Path | None = None) -> Iterator[tuple[str, list[str]]]:
    """Tunnel connections; yields the proxy's URL and the targets that clients named. With a certificate it has TLS."""
    targets: list[str] = []
    handler = type("Proxy", (_Proxy,), {"targets": targets})
    server = _QuietServer(("127.0.0.1", 0), handler)
    if certificate:
        _add_tls(server, certificate)
    with _serve(server) as port:
        yield f"{'https' if certificate else 'http'}://localhost:{port}", targets
