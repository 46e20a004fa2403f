"""A bare ASGI application that answers a constant: what uvicorn and the load generator leave over."""

from typing import Any

ANSWER = b'{"use_case": "flight_delays", "predictions": [{"score": 0.5}], "warnings": []}'.ljust(300)
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def app(_: dict[str, Any], receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
