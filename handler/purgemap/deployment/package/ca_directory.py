"""Split a file of CA certificates into a hashed directory, in which OpenSSL finds one by its subject.

OpenSSL parses a file of certificates as a whole, at each connection: 93 % of the instructions of a first call. From a
directory it reads only the certificates that a chain asks for, by name: https://docs.openssl.org/3.0/man1/openssl-rehash/
"""

import hashlib
import re
import ssl
from collections import Counter
from collections.abc import Iterator

from purgemap.errors import PurgemapError

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)

# The tags of DER: https://www.itu.int/rec/T-REC-X.690
_UTF8_STRING, _VERSION, _LONG_LENGTH = 0x0C, 0xA0, 0x80

# The texts that OpenSSL folds, by tag, with their encodings: ASN1_MASK_CANON in crypto/x509/x_name.c.
# UTF8, Printable, T61, IA5, Visible, Universal and BMPString.
_ENCODINGS = {
    _UTF8_STRING: "utf-8",
    **dict.fromkeys((0x13, 0x14, 0x16, 0x1A), "latin-1"),
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_TO_SPACES = bytes.maketrans(b"\t\n\v\f\r", b"     ")


def split_certificates(bundle: bytes) -> dict[str, bytes]:
    """Return the files of a hashed directory by name, one per certificate of a PEM file, in its order.

    Raises PurgemapError for a certificate whose subject cannot be read.
    """
    files: dict[str, bytes] = {}
    counts: Counter[str] = Counter()
    for number, pem in enumerate(_PEM.findall(bundle.decode(errors="replace")), 1):
        try:
            digest = hash_subject(ssl.PEM_cert_to_DER_cert(pem))
        except (ValueError, IndexError) as error:
            raise PurgemapError(f"CA certificate {number} is invalid: {error}; install botocore again") from error
        # Certificates with the same subject are numbered without a gap; OpenSSL tries each.
        files[f"{digest}.{counts[digest]}"] = f"{pem}\n".encode()
        counts[digest] += 1
    return files


def hash_subject(certificate: bytes) -> str:
    """Return the hash of a DER certificate's subject, as `openssl x509 -subject_hash` prints it."""
    ((_, body),) = _elements(certificate)
    _, to_be_signed = next(_elements(body))
    fields = [content for tag, content in _elements(to_be_signed) if tag != _VERSION]
    # Serial number, signature algorithm, issuer, validity, subject: https://www.rfc-editor.org/rfc/rfc5280#section-4.1
    name = b"".join(_encode(tag, _canonical_set(content)) for tag, content in _elements(fields[4]))
    return f"{int.from_bytes(hashlib.sha1(name, usedforsecurity=False).digest()[:4], 'little'):08x}"


def _canonical_set(attributes: bytes) -> bytes:
    """Encode the attributes of a name as OpenSSL compares them: UTF-8 in lower case, without surplus spaces."""
    encoded = []
    for tag, attribute in _elements(attributes):
        (type_tag, type_name), (value_tag, value) = _elements(attribute)
        if value_tag in _ENCODINGS:
            text = value.decode(_ENCODINGS[value_tag]).encode().translate(_TO_SPACES)
            # bytes.lower() changes ASCII letters only, as OpenSSL does.
            value, value_tag = b" ".join(text.split()).lower(), _UTF8_STRING
        encoded.append(_encode(tag, _encode(type_tag, type_name) + _encode(value_tag, value)))
    return b"".join(sorted(encoded))  # DER sorts the members of a set


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each DER element; tags have one byte in a certificate's own fields."""
    start = 0
    while start < len(data):
        tag, length, start = data[start], data[start + 1], start + 2
        if length > _LONG_LENGTH:
            digits = length - _LONG_LENGTH
            length, start = int.from_bytes(data[start : start + digits], "big"), start + digits
        if start + length > len(data):
            raise ValueError("its DER encoding is cut off")
        yield tag, data[start : start + length]
        start += length


def _encode(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < _LONG_LENGTH:
        return bytes((tag, length)) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG_LENGTH + len(digits))) + digits + content
