"""API keys: ``dg_<environment>_<key id>_<64 hexadecimal digits>``, made once, kept as a hash, found by their id."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from driftgate.consumers.consumer import Consumer, Key
from driftgate.errors import DriftgateError

_KEY = re.compile(rb"dg_([a-z0-9_-]{1,40})_([0-9a-f]{8})_[0-9a-f]{64}")


class Unknown(DriftgateError):
    """A caller that no key tells. ``key_id`` is the one that it showed, if that has the form of one."""

    def __init__(self, sentence: str, key_id: str | None = None) -> None:
        super().__init__(sentence)
        self.key_id = key_id


def new_key(environment: str, made_at: datetime) -> tuple[str, Key]:
    """Return a new key as its owner gets it, once, and what is kept of it."""
    key_id = secrets.token_hex(4)
    text = f"dg_{environment}_{key_id}_{secrets.token_hex(32)}"
    return text, Key(id=key_id, sha256=_hash(text.encode()).hex(), made_on=made_at.date())


class Directory:
    """The keys of one environment's consumers."""

    def __init__(self, consumers: Iterable[Consumer], environment: str) -> None:
        self._environment = environment
        self._keys = {
            key.id.encode(): (bytes.fromhex(key.sha256), key.ends_at, consumer)
            for consumer in consumers
            if consumer.environment == environment
            for key in consumer.keys
        }

    def find(self, text: bytes | None) -> Consumer:
        """Return whose key ``text`` is.

        :raises Unknown: nobody's, not any more, or not here
        """
        kept = self._keys.get(text[-73:-65]) if text else None
        if kept and text and hmac.compare_digest(_hash(text), kept[0]) and not (kept[1] and _now() >= kept[1]):
            return kept[2]
        raise self._unknown(text)

    def _unknown(self, text: bytes | None) -> Unknown:
        """Return why nobody is found by ``text``; there is time to say it well."""
        if not text:
            return Unknown("Say who you are: send your key as 'Authorization: Bearer KEY' or 'X-Api-Key: KEY'.")
        parts = _KEY.fullmatch(text)
        if not parts:
            return Unknown("What was sent as a key is none; a key begins with dg_ and is sent as it was given to you.")
        key_id = parts[2].decode()
        if parts[1].decode() != self._environment:
            return Unknown(f"The key is one of another environment; here is {self._environment}.", key_id)
        kept = self._keys.get(parts[2])
        if kept and kept[1] and hmac.compare_digest(_hash(text), kept[0]):
            return Unknown("The key was replaced by a newer one and has ended; send the newer one.", key_id)
        return Unknown("The key is not known here, or was revoked; ask those who run this endpoint for one.", key_id)


def _hash(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()


def _now() -> datetime:
    return datetime.now(UTC)
