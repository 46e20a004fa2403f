"""``python -m driftgate.endpoint``: serve predictions until SIGTERM, which lets requests end and captures arrive."""

import ipaddress
import logging
import sys

import uvicorn

from driftgate.endpoint.server import Server
from driftgate.errors import DriftgateError
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
        endpoint = settings().endpoint
        server = Server()
    except DriftgateError as problem:
        sys.exit(str(problem))
    if not _is_loopback(endpoint.host):
        log.warning("The endpoint listens on %s and has no authentication: let nobody reach it but you.", endpoint.host)
    uvicorn.run(
        server,
        host=endpoint.host,
        port=endpoint.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    main()
