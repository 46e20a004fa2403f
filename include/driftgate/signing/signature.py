"""Signing bytes for a purpose, and checking that against the keys that this environment trusts.

The purpose is signed too: a signature of a gate's receipt is none of a package. Which algorithm checks a signature is
said by the trusted key, never by what is being checked.
"""

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Literal

from driftgate.errors import ConfigError, Tampered
from driftgate.records import Record, parse_record
from driftgate.settings import settings
from driftgate.signing import kms_key, local_keys
from driftgate.signing.public_keys import PublicKey, algorithm_of

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_SIGNATURE_BYTES = 4096  # the file of one; it is about 200


class Signature(Record):
    """One signature: by which key, in which way, and the bytes in Base64."""

    schema_version: Literal[1] = 1
    key_id: str
    algorithm: str
    value: str


def sign(purpose: str, data: bytes) -> Signature:
    """Sign ``data`` with the key of this environment.

    :param purpose: what it is, such as ``package``
    :raises ConfigError: the key is lost, cannot be used, or is not one for signing
    """
    message, key_id = _message(purpose, data), settings().signing.key_id
    if settings().signing.backend == "kms" and key_id:
        public, value = kms_key.public_key(key_id), kms_key.sign(key_id, message)
    else:
        public, value = local_keys.sign(message)
    return Signature(key_id=public.key_id, algorithm=public.algorithm, value=base64.b64encode(value).decode())


def verify(purpose: str, data: bytes, signature: Signature, *, what: str) -> None:
    """Check that a key which this environment trusts signed ``data`` for ``purpose``.

    :param what: what was signed, for the sentence
    :raises Tampered: the key is not trusted, or it did not sign these bytes for this purpose
    """
    from cryptography.exceptions import InvalidSignature

    trusted = trusted_keys()
    key = trusted.get(signature.key_id)
    if key is None:
        raise Tampered(
            f"{what} is signed by the key {signature.key_id[:40]!r}, which is not trusted here (trusted: "
            f"{', '.join(sorted(trusted)) or 'none'}); restore what was signed, or put that public key into "
            f"{local_keys.folder()} if it is one of yours."
        )
    try:
        value = base64.b64decode(signature.value, validate=True)
        if signature.algorithm != algorithm_of(key) or base64.b64encode(value).decode() != signature.value:
            raise InvalidSignature
        _check(key, value, _message(purpose, data))
    except (InvalidSignature, binascii.Error):
        raise Tampered(
            f"{what} is not what the key {signature.key_id} signed: one of the two was changed. Restore it."
        ) from None


def trusted_keys() -> "Mapping[str, PublicKey]":
    """Return the public keys whose signatures count, by id: those in the folder ``keys``, and those of KMS."""
    asked = settings().signing
    named = [asked.key_id, *asked.trusted] if asked.backend == "kms" else asked.trusted
    ours = [kms_key.public_key(key_id) for key_id in named if key_id]
    return local_keys.trusted() | {one.key_id: one.key for one in ours}


def parse_signature(raw: bytes, where: str) -> Signature:
    """Return a signature that was written as JSON.

    :raises Tampered: it is none, or too large to be one
    """
    if len(raw) > LARGEST_SIGNATURE_BYTES:
        raise Tampered(f"{where} has {len(raw):,} bytes, more than any signature; restore it.")
    try:
        return parse_record(json.loads(raw), Signature, where=where)
    except (ValueError, RecursionError, ConfigError):
        raise Tampered(f"{where} is no signature; restore it.") from None


def _message(purpose: str, data: bytes) -> bytes:
    """Return what is signed: a hash, because KMS takes no long messages."""
    return hashlib.sha256(f"driftgate/{purpose}/1\n".encode() + data).digest()


def _check(key: PublicKey, value: bytes, message: bytes) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519
    from cryptography.hazmat.primitives.hashes import SHA256

    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(value, message)
    else:
        key.verify(value, message, ec.ECDSA(SHA256()))
