"""Where data comes from: what a source drops, and its way into the raw zone."""

from driftgate.sources.datasets import datasets_of
from driftgate.sources.ingest import ingest_partition

__all__ = ["datasets_of", "ingest_partition"]
