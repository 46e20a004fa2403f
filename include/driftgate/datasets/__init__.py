"""Features in SQL, and dataset versions: immutable training sets kept by DVC and published by a git tag."""

from driftgate.datasets.day_features import published_days, trained_features, trained_rows
from driftgate.datasets.features import compute_features
from driftgate.datasets.files import get_files, publish_files
from driftgate.datasets.history import history_name, known_history
from driftgate.datasets.labels import compute_labels
from driftgate.datasets.online_views import compute_view, online_views
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
from driftgate.datasets.version import DatasetVersion, FilesVersion, LabelCounts, LabelSummary
from driftgate.datasets.views import current_views

__all__ = [
    "DatasetVersion",
    "FilesVersion",
    "LabelCounts",
    "LabelSummary",
    "all_versions",
    "compute_features",
    "compute_labels",
    "compute_view",
    "current_views",
    "get_files",
    "get_version",
    "history_name",
    "known_history",
    "list_versions",
    "load_any",
    "load_version",
    "online_views",
    "prepare",
    "publish_files",
    "published_days",
    "trained_features",
    "trained_rows",
    "version_files",
    "versions_reading",
]
