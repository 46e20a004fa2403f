"""Reading no more of a body than is allowed."""

import asyncio
from typing import Any

import pytest

from driftgate.endpoint.body import CallerGone, read_body
from driftgate.endpoint.refusals import Refused


class Caller:
    """Sends messages one by one and remembers how many were asked for."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.messages = list(messages)
        self.read = 0

    async def __call__(self) -> dict[str, Any]:
        self.read += 1
        return self.messages.pop(0)


def part(data: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": more}


def body_of(caller: Caller, length: bytes | None = None) -> bytes:
    headers = [(b"content-length", length)] if length else []
    return asyncio.run(read_body({"headers": headers}, caller, 10))


def test_a_body_in_parts_is_put_together():
    assert body_of(Caller(part(b"12345"), part(b"678"), part(b"90", more=False))) == b"1234567890"


def test_a_body_announced_as_too_large_is_refused_before_it_is_read():
    caller = Caller(part(b"x"))
    with pytest.raises(Refused, match="The body is larger than the 10 bytes of one request; send fewer rows") as caught:
        body_of(caller, b"11")

    assert (caught.value.status, caller.read) == (413, 0)


def test_a_body_without_length_is_refused_as_soon_as_it_is_too_large():
    caller = Caller(*(part(b"12345") for _ in range(100)))
    with pytest.raises(Refused, match="larger than the 10 bytes"):
        body_of(caller)

    assert caller.read == 3


def test_a_caller_who_hangs_up_gets_no_answer():
    with pytest.raises(CallerGone):
        body_of(Caller(part(b"123"), {"type": "http.disconnect"}))
