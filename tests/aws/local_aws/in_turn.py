"""Requests that moto answers one at a time, where AWS promises what moto's threads do not keep.

S3 finds out in the same step in which it writes whether an object is there, and never closes one under its reader.
"""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.s3.responses import S3Response


def install() -> None:
    """Put this into moto's place."""
    S3Response.put_object, S3Response.get_object = in_turn(S3Response.put_object, S3Response.get_object)


def in_turn(*methods: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return the same methods, of which one is called at a time."""
    lock = threading.RLock()

    def waiting(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def called(*arguments: Any) -> Any:
            with lock:
                return method(*arguments)

        return called

    return [waiting(method) for method in methods]
