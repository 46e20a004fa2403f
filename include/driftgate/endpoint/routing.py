"""Which variant answers a request: a hash of its key decides, so the same request always meets the same variant."""

from hashlib import blake2b

BUCKETS = 10_000


def bucket_of(use_case: str, request_key: str) -> int:
    """Return the bucket of a request key, evenly spread over 0 to 9,999.

    It depends on nothing else. A canary takes the buckets from 0 up to its weight, so a request that it answers at five
    percent is still its own at twenty-five.
    """
    digest = blake2b(f"{use_case}\n{request_key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % BUCKETS
