"""``python -m driftgate.cli.answers URL``: exit code 0 if URL answers 200. The health check of our containers.

Only the standard library: it runs every ten seconds.
"""

import sys
from urllib.request import urlopen


def answers(url: str) -> bool:
    """Return whether ``url`` answers 200 within five seconds."""
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310  the address is written in docker-compose.yaml
            return bool(answer.status == 200)
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1]) else 1)
