"""Small records that change: verdicts, deployments, decisions. Append-only, in SQLite or Postgres."""

from driftgate.metadata.records import Entry, RecordStore, metadata

__all__ = ["Entry", "RecordStore", "metadata"]
