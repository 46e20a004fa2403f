"""Closed-loop load on one HTTP server: ``load_generator.py PORT PATH BODIES CONNECTIONS SECONDS`` prints a JSON line.

Raw sockets that stay open; each connection sends its next request when the last one is answered. The first
half second is warming up: its requests are answered and checked like all others but not timed.
"""

import asyncio
import json
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import cast

import numpy as np
import uvloop

WARM_SECONDS = 0.5


class Load:
    """The requests, in turn, and the latencies of those that were sent after the warm-up."""

    def __init__(self, path: str, bodies: list[str], seconds: float) -> None:
        self.requests = cycle([_request(path, body) for body in bodies])
        self.begin = time.perf_counter() + WARM_SECONDS
        self.end = self.begin + seconds
        self.latencies: list[float] = []
        self.answered = 0


class Connection(asyncio.Protocol):
    """One connection; ``ended`` is done when its last request before the end is answered."""

    def __init__(self, load: Load) -> None:
        self._load, self._buffer, self._sent = load, b"", 0.0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its base class
        self._send()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, body = self._buffer.partition(b"\r\n\r\n")
        if not separator or len(body) < _content_length(head):
            return
        now = time.perf_counter()
        if head[9:12] != b"200":
            self._fail(self._buffer[:500].decode(errors="replace"))
            return
        self._load.answered += 1
        if self._load.begin <= self._sent and now <= self._load.end:
            self._load.latencies.append(now - self._sent)
        self._buffer = b""
        if now < self._load.end:
            self._send()
        else:
            self.ended.set_result(None)
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._fail("the server closed the connection")

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(next(self._load.requests))

    def _fail(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(RuntimeError(reason))


def _request(path: str, body: str) -> bytes:
    content = body.encode()
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    return head.encode() + b"\r\n\r\n" + content


def _content_length(head: bytes) -> int:
    return int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])


async def run(port: int, path: str, bodies: list[str], connections: int, seconds: float) -> dict[str, float]:
    """Return requests per second, the latencies in milliseconds, and how many requests were answered in all."""
    load = Load(path, bodies, seconds)
    loop = asyncio.get_running_loop()
    made = [await loop.create_connection(lambda: Connection(load), "127.0.0.1", port) for _ in range(connections)]
    await asyncio.gather(*(connection.ended for _, connection in made))
    p50, p99 = np.percentile(load.latencies, [50, 99]) * 1000
    return {"per_second": len(load.latencies) / seconds, "p50": p50, "p99": p99, "answered": load.answered}


if __name__ == "__main__":
    port, path, bodies, connections, seconds = sys.argv[1:]
    questions = json.loads(Path(bodies).read_text())
    print(json.dumps(uvloop.run(run(int(port), path, questions, int(connections), float(seconds)))))
