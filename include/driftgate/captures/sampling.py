"""Which request keys are captured where a use case captures a share of them: a hash of the key decides."""

from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def in_sample(use_case: str, request_key: str, share: float) -> bool:
    """Return whether a request key is captured; a key in a sample is in every larger one.

    It has nothing to do with the bucket that routes the key, so a sample is no other mix of variants.
    """
    digest = blake2b(f"{use_case}\n{request_key}".encode(), digest_size=8, person=b"capture").digest()
    return int.from_bytes(digest, "big") < share * 2**64


def thinned(use_case: str, captures: "pa.Table") -> "pa.Table":
    """Return the captures of the request keys that were in the sample all day long.

    The share may differ within a day: it was changed, or a canary step captured everything. Of the smallest one's keys
    every answer is there, so hours with a larger share do not outweigh the others.
    """
    import pyarrow as pa

    share = sampled_share(captures)
    if share >= 1:
        return captures
    keys = captures.column("request_key").to_pylist()
    return captures.filter(pa.array([in_sample(use_case, key, share) for key in keys], pa.bool_()))


def sampled_share(captures: "pa.Table") -> float:
    """Return the smallest share of the request keys that was captured; captures of old say none: all were."""
    import pyarrow.compute as pc

    smallest = pc.min(captures.column("share")).as_py()
    return 1.0 if smallest is None else float(smallest)
