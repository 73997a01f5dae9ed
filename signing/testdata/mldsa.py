"""Makes mldsa.json: a claim signature, its certificates and its key, with ML-DSA as OpenSSL computes it.

The signer has ML-DSA-44, its issuer ML-DSA-65 and the root ML-DSA-87, so that each signs once. It needs Python 3 with
cryptography 50.0.0 or later (OpenSSL 3.5 or later inside), and writes the file to stdout. The keys are made of fixed
seeds; the signatures are hedged, so that every run gives others. The message and its headers are put together here.
"""

import base64
import datetime
import hashlib
import json

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.x509.oid import NameOID, ObjectIdentifier

CLAIM = b"the claim, as it is in its box"
CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")


def key(kind, name: str):
    return kind.from_seed_bytes(hashlib.sha256(name.encode()).digest())


def certificate(name: str, key, issuer: str, by, number: int, authority: bool) -> bytes:
    def of(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "crl_sign", "encipher_only", "decipher_only"),
        False,
    )
    b = (
        x509.CertificateBuilder()
        .subject_name(of(name))
        .issuer_name(of(issuer))
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(datetime.datetime(2026, 1, 1))
        .not_valid_after(datetime.datetime(2027, 1, 1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
    )
    if not authority:
        b = b.add_extension(x509.ExtendedKeyUsage([CLAIM_SIGNING]), critical=False)
    return b.sign(by, None).public_bytes(serialization.Encoding.DER)


def head(major: int, n: int) -> bytes:
    """The head of a CBOR item. RFC 8949, 3."""
    if n < 24:
        return bytes([major << 5 | n])
    if n < 256:
        return bytes([major << 5 | 24, n])
    return bytes([major << 5 | 25]) + n.to_bytes(2, "big")


def octets(data: bytes) -> bytes:
    return head(2, len(data)) + data


def main() -> None:
    signer = key(mldsa.MLDSA44PrivateKey, "signer")
    issuer = key(mldsa.MLDSA65PrivateKey, "issuer")
    root = key(mldsa.MLDSA87PrivateKey, "root")
    chain = [
        certificate("OpenSSL Signer", signer, "OpenSSL Issuer", issuer, 1, False),
        certificate("OpenSSL Issuer", issuer, "OpenSSL Root", root, 2, True),
    ]
    anchor = certificate("OpenSSL Root", root, "OpenSSL Root", root, 3, True)
    # {1: -48, 33: [chain]}; RFC 9052, 4.2 and 4.4; RFC 9360, 2; RFC 9964, 8.
    protected = b"\xa2\x01\x38\x2f\x18\x21" + head(4, len(chain)) + b"".join(map(octets, chain))
    signed = b"\x84" + head(3, 10) + b"Signature1" + octets(protected) + b"\x40" + octets(CLAIM)
    cose = b"\xd2\x84" + octets(protected) + b"\xa0\xf6" + octets(signer.sign(signed))
    pkcs8 = signer.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    values = {"claim": CLAIM, "cose": cose, "root": anchor, "key": pkcs8}
    print(json.dumps({k: base64.b64encode(v).decode() for k, v in values.items()}, indent=1))


main()
