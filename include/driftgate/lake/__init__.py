"""The lake: one object store with zones, where data is published by one atomic pointer."""

from driftgate.lake.manifest import Manifest, publish, read_manifest, read_table
from driftgate.lake.store import Store, lake

__all__ = ["Manifest", "Store", "lake", "publish", "read_manifest", "read_table"]
