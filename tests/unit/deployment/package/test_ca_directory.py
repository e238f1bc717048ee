"""The hashed directory of CA certificates: botocore's trust, loaded one certificate at a time."""

import json
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import botocore.session
import pytest
from botocore.httpsession import DEFAULT_CA_BUNDLE
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID

from purgemap.aws import create_client
from purgemap.deployment.package.ca_directory import hash_subject, split_certificates
from purgemap.errors import PurgemapError
from support.tls_servers import Authority, name_of, proxy_server, tls_server

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl isn't here")

COMMON_NAME, ORGANIZATION, UNIT = NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME
NAMES = {
    "case and spaces": name_of("  Acme \t Root   CA "),
    "outside ASCII": name_of("Főtanúsítvány ÁÉ"),
    "printable": x509.Name([x509.NameAttribute(COMMON_NAME, "Acme  Root", _ASN1Type.PrintableString)]),
    "UTF-16": x509.Name([x509.NameAttribute(COMMON_NAME, "Äcme  Root", _ASN1Type.BMPString)]),
    "long": name_of("Acme " * 12),
    "attributes in one set": x509.Name(
        [
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(UNIT, "Web and more"), x509.NameAttribute(COMMON_NAME, "A")]
            ),
            x509.RelativeDistinguishedName([x509.NameAttribute(ORGANIZATION, "Acme" * 16)]),
        ]
    ),
    "empty": x509.Name([]),
}


def _openssl_hash(pem: bytes) -> str:
    command = ["openssl", "x509", "-noout", "-subject_hash"]
    return subprocess.run(command, input=pem, capture_output=True, check=True).stdout.decode().strip()


def _der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode().strip())


@needs_openssl
@pytest.mark.parametrize("name", NAMES.values(), ids=list(NAMES))
def test_hash_subject_equals_that_of_openssl(name: x509.Name) -> None:
    pem = Authority(name).pem
    assert hash_subject(_der(pem)) == _openssl_hash(pem)


@needs_openssl
def test_zip_names_ca_certificates_as_openssl_does(task: Path) -> None:
    files = list((task / "botocore/cacert").iterdir())
    assert len(files) > 100
    assert {file.name for file in files if _openssl_hash(file.read_bytes()) != file.stem} == set()


def test_zip_trusts_the_certificates_of_botocore_only(task: Path) -> None:
    upstream = Path(DEFAULT_CA_BUNDLE).read_bytes()
    assert (task / "botocore/cacert.pem").read_bytes() == upstream
    certificates = re.findall(rb"-----BEGIN[^#]+END CERTIFICATE-----", upstream)
    assert set(map(_der, certificates)) == {_der(file.read_bytes()) for file in (task / "botocore/cacert").iterdir()}


def test_split_numbers_certificates_of_one_subject() -> None:
    certificates = [Authority(name_of(name)).pem for name in ("Acme", "acme", "Other")]
    files = split_certificates(b"# Roots\n" + b"\n".join(certificates))
    assert [name.partition(".")[2] for name in files] == ["0", "1", "0"]
    assert list(files.values()) == certificates


@pytest.mark.parametrize("text", ["", "AAAA", "MIIDdTCCAl2gAwIBAgILBAAAAAABFUtaw5Qw"])
def test_split_refuses_an_invalid_certificate(text: str) -> None:
    pem = f"-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n"
    with pytest.raises(PurgemapError, match="CA certificate 1 is invalid"):
        split_certificates(pem.encode())


class Function(NamedTuple):
    """The unpacked zip, with one more root: `known`, whose subject another root has, too."""

    folder: Path
    known: Authority


@pytest.fixture(scope="module")
def function(task: Path, tmp_path_factory: pytest.TempPathFactory) -> Function:
    folder = tmp_path_factory.mktemp("copy") / "task"
    shutil.copytree(task, folder)
    namesake, known = Authority(name_of("Known root")), Authority(name_of("Known root"))
    bundle = folder / "botocore/cacert.pem"
    bundle.write_bytes(bundle.read_bytes() + namesake.pem + known.pem)
    for name, data in split_certificates(bundle.read_bytes()).items():
        (folder / "botocore/cacert" / name).write_bytes(data)
    return Function(folder, known)


@pytest.fixture
def url(function: Function, tmp_path: Path) -> Iterator[str]:
    """A server whose chain is the server's certificate, an authority's, and the known root's."""
    with tls_server(Authority(name_of("Below the known root"), function.known), tmp_path) as url:
        yield url


class Stranger(NamedTuple):
    """A server whose root the zip does not have, and a file with that root alone."""

    url: str
    bundle: str


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[Stranger]:
    root = Authority(name_of("Unknown root"))
    folder = tmp_path / "stranger"
    folder.mkdir()
    bundle = folder / "bundle.pem"
    bundle.write_bytes(root.pem)
    with tls_server(root, folder) as url:
        yield Stranger(url, str(bundle))


CALL = """
import json, sys; sys.path.insert(0, '.')
from purgemap.aws import Aws, AwsCloudFront
from purgemap.routemap import Distribution
aws = Aws(endpoint_url=sys.argv[1])
try:
    answer = AwsCloudFront(aws).create_invalidation(Distribution('E1AAAAAAAAAAAA'), ('/a',), 'r')
except Exception as error:
    answer = str(error)
http = aws.client('cloudfront')._endpoint.http_session
managers = [http._manager, *http._proxy_managers.values()]
loaded = sum(manager.connection_pool_kw['ssl_context'].cert_store_stats()['x509'] for manager in managers)
print(json.dumps([answer, loaded]))
"""
VARIABLES = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_MAX_ATTEMPTS": "1"}
REFUSED = "CERTIFICATE_VERIFY_FAILED"


def call(folder: Path, url: str, **variables: str) -> tuple[str, int]:
    """Create an invalidation; returns its id or the error, and how many certificates were loaded."""
    command = [sys.executable, "-S", "-B", "-c", CALL, url]
    environment = {**VARIABLES, **variables}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    answer, loaded = json.loads(run.stdout)
    return answer, loaded


def test_call_loads_few_ca_certificates(function: Function, url: str) -> None:
    # The root, and the root of the same name.
    assert call(function.folder, url) == ("I1", 2)


def test_call_refuses_a_server_of_an_unknown_ca(function: Function, stranger: Stranger) -> None:
    answer, loaded = call(function.folder, stranger.url)
    assert REFUSED in answer
    assert loaded == 0


def test_call_refuses_a_server_of_another_name(function: Function, url: str) -> None:
    answer, _ = call(function.folder, url.replace("localhost", "127.0.0.1"))
    assert "SSLError" in answer
    assert "127.0.0.1" in answer


@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_call_trusts_the_bundle_of_a_variable_only(
    variable: str, function: Function, url: str, stranger: Stranger
) -> None:
    assert call(function.folder, stranger.url, **{variable: stranger.bundle}) == ("I1", 1)
    answer, loaded = call(function.folder, url, **{variable: stranger.bundle})
    assert REFUSED in answer
    assert loaded == 1


def test_call_trusts_the_bundle_of_a_profile_only(
    function: Function, url: str, stranger: Stranger, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\nca_bundle = {stranger.bundle}\n")
    assert call(function.folder, stranger.url, AWS_CONFIG_FILE=str(config)) == ("I1", 1)
    assert REFUSED in call(function.folder, url, AWS_CONFIG_FILE=str(config))[0]


def test_call_trusts_certifi_if_a_layer_has_it(
    function: Function, url: str, stranger: Stranger, tmp_path: Path
) -> None:
    (tmp_path / "certifi.py").write_text(f"def where(): return {stranger.bundle!r}\n")
    assert call(function.folder, stranger.url, PYTHONPATH=str(tmp_path)) == ("I1", 1)
    assert REFUSED in call(function.folder, url, PYTHONPATH=str(tmp_path))[0]


def test_call_verifies_through_a_proxy(function: Function, url: str, stranger: Stranger) -> None:
    with proxy_server() as (proxy, targets):
        assert call(function.folder, url, HTTPS_PROXY=proxy) == ("I1", 2)
        assert REFUSED in call(function.folder, stranger.url, HTTPS_PROXY=proxy)[0]
    assert set(targets) == {name.removeprefix("https://") for name in (url, stranger.url)}


def test_call_verifies_a_proxy_with_tls(function: Function, url: str, tmp_path: Path) -> None:
    unknown = Authority(name_of("Unknown root"))
    for authority, answer in ((function.known, "I1"), (unknown, "ProxyConnectionError")):
        with proxy_server(authority.issue_for_localhost(tmp_path / "proxy.pem")) as (proxy, _):
            assert answer in call(function.folder, url, HTTPS_PROXY=proxy)[0]


def test_installed_client_is_not_changed() -> None:
    client = create_client(botocore.session.Session(), "sts", region_name="eu-west-1")
    assert "_setup_ssl_cert" not in vars(client._endpoint.http_session)  # noqa: SLF001


def test_call_without_the_directory_loads_the_file(function: Function, url: str, tmp_path: Path) -> None:
    folder = tmp_path / "task"
    shutil.copytree(function.folder, folder, ignore=shutil.ignore_patterns("cacert"))
    certificates = (folder / "botocore/cacert.pem").read_text().count("BEGIN CERTIFICATE")
    assert call(folder, url) == ("I1", certificates)
