"""How Driftgate itself asks its endpoint: by which key, and whose certificate it trusts."""

import os
import ssl
from pathlib import Path

from driftgate.consumers.consumer import EVERY_USE_CASE, SCOPES, Consumer
from driftgate.consumers.keeping import add_consumer
from driftgate.errors import ConfigError
from driftgate.settings import environment, home, settings

OWN_ID = "driftgate"
VARIABLE = "DRIFTGATE_ENDPOINT_KEY"


def own_headers() -> dict[str, str]:
    """Return the headers that say who asks; none where the endpoint asks nobody.

    :raises ConfigError: there is no key
    """
    if settings().endpoint.auth == "none":
        return {}
    path = own_key_file()
    key = os.environ.get(VARIABLE) or (path.read_text() if path.exists() else "")
    if not key.strip():
        raise ConfigError(
            f"The endpoint asks for a key and {path} holds none; run 'driftgate init', or set {VARIABLE}."
        )
    return {"X-Api-Key": key.strip()}


def own_key_file() -> Path:
    """Return the file with Driftgate's own key."""
    return Path(settings().endpoint.key_file or home() / "endpoint-key")


def make_own_key() -> bool:
    """Make the consumer ``driftgate`` with a key of its own where keys are asked for; return whether there was none."""
    if settings().endpoint.auth == "none" or os.environ.get(VARIABLE) or own_key_file().exists():
        return False
    text = add_consumer(
        Consumer(
            id=OWN_ID,
            contact="this project",
            environment=environment(),
            use_cases=(EVERY_USE_CASE,),
            scopes=SCOPES,
            requests_per_second=1000,
            burst=1000,
        )
    )
    own_key_file().parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(own_key_file(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text + "\n")
    return True


def client_tls() -> ssl.SSLContext | None:
    """Return what a client of an endpoint with TLS trusts; None for one without."""
    tls = settings().endpoint.tls
    return ssl.create_default_context(cafile=tls.ca) if tls else None
