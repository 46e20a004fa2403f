"""Where data comes from: what a source drops, and its way into the raw zone."""

from driftgate.sources.datasets import datasets_of, watermarked_datasets_of
from driftgate.sources.ingest import Ingested, bring_in, ingest_partition
from driftgate.sources.watermarks import changed_partitions

__all__ = ["Ingested", "bring_in", "changed_partitions", "datasets_of", "ingest_partition", "watermarked_datasets_of"]
