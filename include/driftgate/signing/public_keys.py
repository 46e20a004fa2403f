"""Public keys of the two kinds that sign: Ed25519 on a laptop, ECDSA on the curve P-256 in KMS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from driftgate.errors import ConfigError
from driftgate.records import sha256

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PublicKey: TypeAlias = "Ed25519PublicKey | EllipticCurvePublicKey"

ED25519 = "ed25519"
ECDSA = "ecdsa_p256_sha256"


@dataclass(frozen=True)
class Signer:
    """The public half of a key that signs; ``key_id`` is the beginning of the sha256 of its DER form."""

    key: PublicKey
    key_id: str
    algorithm: str


def signer_of(der: bytes, where: str) -> Signer:
    """Return the public key that is written in DER.

    :raises ConfigError: it is none, or of another kind than the two
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        key = load_der_public_key(der)
        return Signer(key, sha256(der)[:32], algorithm_of(key))  # type: ignore[arg-type]  # algorithm_of says which
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{where} is no public key of Ed25519 or of ECDSA on P-256; replace it by one.") from None


def algorithm_of(key: object) -> str:
    """Return how signatures of ``key`` are checked; ``ValueError`` for another kind of key."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        return ED25519
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return ECDSA
    raise ValueError("another kind of key")
