"""Lineage: what each run read, wrote, and with which code and parameters; hash-chained, walked back by ``trace``."""

from driftgate.lineage.chain import read_stream, streams
from driftgate.lineage.events import NAMESPACE, emit
from driftgate.lineage.integrity import verify
from driftgate.lineage.record import DatasetRef, LineageRecord

__all__ = ["NAMESPACE", "DatasetRef", "LineageRecord", "emit", "read_stream", "streams", "verify"]
