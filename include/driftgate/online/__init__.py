"""The online store: the values of entities (a carrier, an airport) that the endpoint joins to its requests."""

from driftgate.online.lookups import Found, Lookups
from driftgate.online.materialize import Materialized, materialize
from driftgate.online.store import OnlineStore, Snapshot, get, online_store, open_online_store

__all__ = [
    "Found",
    "Lookups",
    "Materialized",
    "OnlineStore",
    "Snapshot",
    "get",
    "materialize",
    "online_store",
    "open_online_store",
]
