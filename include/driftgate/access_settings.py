"""Who reaches the endpoint, how much of it waits at once, and how it ends: a part of ``endpoint`` in the settings."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from driftgate.records import Record


class TlsSettings(Record):
    """Files in PEM form: certificate with its chain, private key, and the authority that our own callers trust."""

    cert: str
    key: str
    ca: str | None = None


class AccessSettings(Record):
    """Who may ask (``auth``: ``none`` or ``keys`` of ``consumers``, a file), and the bounds on what waits.

    ``max_waiting`` requests, of them ``max_batches`` large ones, may be under way or wait at once; more are refused. A
    request is answered within ``deadline_ms`` or not at all. After SIGTERM new ones are refused for ``drain_seconds``,
    then the endpoint ends. ``behind_proxy`` says that only a proxy with TLS reaches an address beyond loopback.
    """

    host: str
    auth: Literal["none", "keys"] = "none"
    consumers: str | None = None  # None: include/consumers.yaml
    key_file: str | None = None  # with the key by which Driftgate itself asks; None: endpoint-key in the state folder
    tls: TlsSettings | None = None
    behind_proxy: bool = False
    max_waiting: Annotated[int, Field(ge=1)] = 256
    max_batches: Annotated[int, Field(ge=1)] = 16
    deadline_ms: Annotated[int, Field(ge=1)] = 10_000
    drain_seconds: Annotated[float, Field(ge=0)] = 1.0

    @model_validator(mode="after")
    def _is_not_open_to_everybody(self) -> Self:
        if not (is_loopback(self.host) or self.tls or self.behind_proxy):
            raise ValueError(
                f"the endpoint would listen on {self.host}, where others could read what is asked; give it 'tls' "
                "(cert, key), or say 'behind_proxy: true' if only a proxy with TLS reaches it"
            )
        return self


def is_loopback(host: str) -> bool:
    """Return whether nobody but this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
