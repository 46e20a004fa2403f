"""The lake: one object store with zones, where data is published by one atomic pointer."""

from driftgate.lake.manifest import (
    Manifest,
    manifest_of,
    manifests_of,
    publish,
    read_batches,
    read_manifest,
    read_table,
    replace_content,
    schema_digest,
)
from driftgate.lake.parquet import to_parquet
from driftgate.lake.record_file import read_record
from driftgate.lake.revisions import Revision, add_revision, as_of, revisions
from driftgate.lake.store import Store, StoredObject, lake

__all__ = [
    "Manifest",
    "Revision",
    "Store",
    "StoredObject",
    "add_revision",
    "as_of",
    "lake",
    "manifest_of",
    "manifests_of",
    "publish",
    "read_batches",
    "read_manifest",
    "read_record",
    "read_table",
    "replace_content",
    "revisions",
    "schema_digest",
    "to_parquet",
]
