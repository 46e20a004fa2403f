"""``python -m driftgate.endpoint``: serve predictions until SIGTERM, which lets requests end and captures arrive.

With ``serve``, as SageMaker calls its containers, it serves the one package in ``/opt/ml/model``.
"""

import logging
import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

import uvicorn

from driftgate.access_settings import is_loopback
from driftgate.endpoint.admission import Admission
from driftgate.endpoint.container import container_server
from driftgate.endpoint.server import Server
from driftgate.errors import ConfigError, DriftgateError
from driftgate.settings import settings

log = logging.getLogger("driftgate.endpoint")

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 5
# A large batch shares the interpreter with small requests; Python's five milliseconds would be felt in their latency.
SWITCH_SECONDS = 0.001


class Serving(uvicorn.Server):
    """Uvicorn with a drain: for a while after SIGTERM whoever still asks is told so, and /ping says 503."""

    def __init__(self, config: uvicorn.Config, admission: Admission, drain_seconds: float) -> None:
        super().__init__(config)
        self._admission, self._drain_seconds = admission, drain_seconds
        self._admission.waiting.tasks = self.server_state.tasks
        self._ends_at = float("inf")

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain at the first SIGTERM; end at once at any other signal."""
        super().handle_exit(sig, frame)
        if sig == signal.SIGTERM and not self._admission.draining:
            self._ends_at = time.monotonic() + self._drain_seconds
            self.should_exit = False
        self._admission.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Return whether it is time to end; called ten times a second."""
        return await super().on_tick(counter) or time.monotonic() >= self._ends_at


def main() -> None:
    """Run the endpoint with the settings of this environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        serving = _serving()
    except DriftgateError as problem:
        sys.exit(str(problem))
    with suppress(KeyboardInterrupt):
        serving.run()


def _serving() -> Serving:
    endpoint, port = settings().endpoint, _port()
    tls = endpoint.tls
    files = [_readable(path) if path else None for path in ((tls.cert, tls.key) if tls else (None, None))]
    if endpoint.auth == "none" and not is_loopback(endpoint.host):
        log.warning("The endpoint listens on %s and asks nobody for a key ('endpoint.auth').", endpoint.host)
    server = container_server() if sys.argv[1:] == ["serve"] else Server()
    config = uvicorn.Config(
        server,
        host=endpoint.host,
        port=port,
        loop="uvloop",
        http="httptools",
        proxy_headers=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        ssl_certfile=files[0],
        ssl_keyfile=files[1],
    )
    return Serving(config, server.admission, endpoint.drain_seconds)


def _readable(path: str) -> str:
    if not os.access(path, os.R_OK):
        raise ConfigError(f"{path} cannot be read; it is to hold what 'endpoint.tls' names, in PEM form.")
    return path


def _port() -> int:
    """Return the port of the settings, or the one that SageMaker tells its containers."""
    told = os.environ.get("SAGEMAKER_BIND_TO_PORT")
    if told is None:
        return settings().endpoint.port
    if not told.isascii() or not told.isdigit() or not 1 <= int(told[:6]) <= 65535:
        raise ConfigError(f"SAGEMAKER_BIND_TO_PORT is {told[:20]!r}; it must be a port, 1 to 65535.")
    return int(told)


if __name__ == "__main__":
    main()
