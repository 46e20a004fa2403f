"""Features in SQL, and dataset versions: immutable training sets kept by DVC and published by a git tag."""

from driftgate.datasets.features import compute_features
from driftgate.datasets.labels import compute_labels
from driftgate.datasets.preparation import prepare
from driftgate.datasets.restore import (
    all_versions,
    get_version,
    list_versions,
    load_any,
    load_version,
    version_files,
    versions_reading,
)
from driftgate.datasets.version import DatasetVersion

__all__ = [
    "DatasetVersion",
    "all_versions",
    "compute_features",
    "compute_labels",
    "get_version",
    "list_versions",
    "load_any",
    "load_version",
    "prepare",
    "version_files",
    "versions_reading",
]
