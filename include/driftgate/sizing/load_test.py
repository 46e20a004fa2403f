"""A running endpoint under load: the same requests again, over more and more connections, in a closed loop.

The generator is Python on the same machine or near it, so what it measures is the least that the endpoint can do.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import cycle
from urllib.parse import urlsplit

import numpy as np

from driftgate.errors import ConfigError, EndpointSilent
from driftgate.records import Record

ANSWER_SECONDS = 30


class LoadStep(Record):
    """What so many connections got; an answer other than 200 is an error and has no latency."""

    connections: int
    answered: int
    errors: int
    per_second: float
    p50_ms: float | None
    p95_ms: float | None


def load_test(
    address: str,
    path: str,
    bodies: Sequence[bytes],
    *,
    connections: Sequence[int],
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> tuple[LoadStep, ...]:
    """Return what each number of connections got from the server at ``address`` (http only) in so many seconds.

    :raises ConfigError: the address is none, or there are no requests
    :raises EndpointSilent: nobody answers there
    """
    parts = urlsplit(address)
    if parts.scheme != "http" or not parts.hostname:
        raise ConfigError(f"{address!r} is no address of an endpoint; write one as http://127.0.0.1:8811")
    if not bodies:
        raise ConfigError("There is no request to send; let the endpoint answer some first, or wait for its captures.")
    written = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    requests = [
        f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n{written}"
        f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
        for body in bodies
    ]
    try:
        return tuple(
            asyncio.run(_step(parts.hostname, parts.port or 80, requests, count, seconds)) for count in connections
        )
    except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
        raise EndpointSilent(f"The endpoint at {address} went away under load ({error}); look at its log.") from None


async def _step(host: str, port: int, requests: list[bytes], connections: int, seconds: float) -> LoadStep:
    turn, latencies, errors = cycle(requests), list[float](), [0]
    end = time.perf_counter() + seconds

    async def ask() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while (sent := time.perf_counter()) < end:
            writer.write(next(turn))
            status = await asyncio.wait_for(_answer(reader), ANSWER_SECONDS)
            if status == 200:
                latencies.append(time.perf_counter() - sent)
            else:
                errors[0] += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(connections)))
    took = time.perf_counter() - began
    p50, p95 = (1000 * float(one) for one in np.quantile(latencies, [0.5, 0.95])) if latencies else (None, None)
    return LoadStep(
        connections=connections,
        answered=len(latencies),
        errors=errors[0],
        per_second=round(len(latencies) / took, 1),
        p50_ms=p50 and round(p50, 3),
        p95_ms=p95 and round(p95, 3),
    )


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    await reader.readexactly(int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
    return int(head[9:12])
