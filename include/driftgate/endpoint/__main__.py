"""``python -m driftgate.endpoint``: serve predictions until SIGTERM, which lets requests end and captures arrive.

With ``serve``, as SageMaker calls its containers, it serves the one package in ``/opt/ml/model``.
"""

import ipaddress
import logging
import os
import sys

import uvicorn

from driftgate.endpoint.container import container_server
from driftgate.endpoint.server import Server
from driftgate.errors import ConfigError, DriftgateError
from driftgate.settings import settings

log = logging.getLogger("driftgate.endpoint")

KEEP_ALIVE_SECONDS = 75
SHUTDOWN_SECONDS = 5
# A large batch shares the interpreter with small requests; Python's five milliseconds would be felt in their latency.
SWITCH_SECONDS = 0.001


def main() -> None:
    """Run the endpoint with the settings of this environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        endpoint, port = settings().endpoint, _port()
        server = container_server() if sys.argv[1:] == ["serve"] else Server()
    except DriftgateError as problem:
        sys.exit(str(problem))
    if not _is_loopback(endpoint.host):
        log.warning("The endpoint listens on %s and has no authentication: let nobody reach it but you.", endpoint.host)
    uvicorn.run(
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
    )


def _port() -> int:
    """Return the port of the settings, or the one that SageMaker tells its containers."""
    told = os.environ.get("SAGEMAKER_BIND_TO_PORT")
    if told is None:
        return settings().endpoint.port
    if not told.isascii() or not told.isdigit() or not 1 <= int(told[:6]) <= 65535:
        raise ConfigError(f"SAGEMAKER_BIND_TO_PORT is {told[:20]!r}; it must be a port, 1 to 65535.")
    return int(told)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    main()
