"""The catalogue: what data and features there are, what they mean, how good and fresh they are, and who uses them."""

from driftgate.catalog.build import PAGE, build_catalog, dataset_of, search, stored_catalog, sync_catalog
from driftgate.catalog.entries import Catalog, DatasetEntry, FeatureEntry, ModelEntry

__all__ = [
    "PAGE",
    "Catalog",
    "DatasetEntry",
    "FeatureEntry",
    "ModelEntry",
    "build_catalog",
    "dataset_of",
    "search",
    "stored_catalog",
    "sync_catalog",
]
