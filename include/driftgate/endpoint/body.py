"""Reading a request's body, never more of it than is allowed."""

from typing import TYPE_CHECKING

from driftgate.endpoint.refusals import Refused

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


class CallerGone(Exception):
    """The caller hung up before the whole request was there."""


async def read_body(scope: "Scope", receive: "Receive", max_bytes: int) -> bytes:
    """Return the body of an ASGI request.

    :raises Refused: 413, by the announced length before anything is read, or as soon as more than ``max_bytes`` came
    :raises CallerGone: there is nobody to answer
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and int(value) > max_bytes:
            raise _too_large(max_bytes)
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(max_bytes: int) -> Refused:
    return Refused(413, f"The body is larger than the {max_bytes} bytes of one request; send fewer rows at a time.")
