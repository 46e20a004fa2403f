"""An Ed25519 key pair in the folder ``keys`` of the state folder, made when something is signed for the first time.

Every public key in that folder is trusted. It is on the side of whoever loads; nothing in an artefact adds to it.
"""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from driftgate.errors import ConfigError
from driftgate.settings import home
from driftgate.signing.public_keys import PublicKey, Signer, signer_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE = "signing.pem"
PUBLIC = "*.pub.pem"
OTHERS = 0o077


def folder() -> Path:
    """Return where the keys are."""
    return home() / "keys"


def sign(message: bytes) -> tuple[Signer, bytes]:
    """Sign with the private key, which is made if there never was one; the public one is beside it afterwards.

    :raises ConfigError: the private key is lost, readable by others, or is none
    """
    private = _private_key()
    der, pem = _public_forms(private)
    signer = signer_of(der, str(folder()))
    public = folder() / f"{signer.key_id}.pub.pem"
    if not public.exists():
        _create(public, pem, mode=0o644)
    return signer, private.sign(message)


def new_key() -> str:
    """Begin to sign with a new key and return its id; what older ones signed goes on to count.

    To end that too, remove the older public key.
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder() / PRIVATE).unlink(missing_ok=True)
    _make(folder() / PRIVATE)
    return sign(b"")[0].key_id


def trusted() -> dict[str, PublicKey]:
    """Return the public keys of the folder by their ids.

    :raises ConfigError: a file there is no public key
    """
    found = [_public_key(path) for path in sorted(folder().glob(PUBLIC))]
    return {one.key_id: one.key for one in found}


def _private_key() -> "Ed25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = folder() / PRIVATE
    if not path.exists():
        if any(folder().glob(PUBLIC)) and not path.exists():
            raise ConfigError(
                f"{path} is lost, though public keys beside it say that there was one; restore it from a copy, or "
                "begin with a new one: driftgate model new-key."
            )
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    if path.stat().st_mode & OTHERS:
        raise ConfigError(f"{path} can be read by others than its owner, so it proves nothing; run chmod 600 on it.")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is no private key of Ed25519; restore it from a copy.")
    return key


def _make(path: Path) -> None:
    """Make the key, unless another process does it at the same moment: then that one counts."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _create(path, pem, mode=0o600)


def _public_forms(private: "Ed25519PrivateKey") -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = private.public_key()
    form = PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(Encoding.DER, form), public.public_bytes(Encoding.PEM, form)


def _public_key(path: Path) -> Signer:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        der = load_pem_public_key(path.read_bytes()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except ValueError:
        der = b""
    return signer_of(der, str(path))


def _create(path: Path, data: bytes, *, mode: int) -> None:
    """Write a file whole; one that is there already is left alone."""
    handle, staged = tempfile.mkstemp(prefix=".staged-", dir=path.parent)  # readable by its owner only
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        os.fchmod(file.fileno(), mode)
    with suppress(FileExistsError):
        os.link(staged, path)
    Path(staged).unlink()
