"""Consumers: who may ask the endpoint for what and how much, and what each of them used."""

from driftgate.consumers.consumer import SCOPES, Consumer, Key, Scope
from driftgate.consumers.file import consumers_file, read_consumers, write_consumers
from driftgate.consumers.keeping import add_consumer, revoke_keys, rotate_key
from driftgate.consumers.keys import Directory, Unknown, new_key
from driftgate.consumers.own_key import client_tls, make_own_key, own_headers

__all__ = [
    "SCOPES",
    "Consumer",
    "Directory",
    "Key",
    "Scope",
    "Unknown",
    "add_consumer",
    "client_tls",
    "consumers_file",
    "make_own_key",
    "new_key",
    "own_headers",
    "read_consumers",
    "revoke_keys",
    "rotate_key",
    "write_consumers",
]
