"""What is different between two dataset versions: rows, columns, source partitions, parameters, ``features.sql``."""

import difflib
from collections.abc import Mapping
from typing import Any

import yaml

from driftgate.datasets.parameters import FEATURES, PARAMETERS
from driftgate.datasets.restore import file_at, scratch_clone
from driftgate.datasets.version import VERSION, DatasetVersion, LabelSummary, read_version
from driftgate.records import Record


class Change(Record):
    """A value in the first version and in the second; None where one has no such value."""

    first: Any
    second: Any


class SourceChange(Record):
    """A source partition that the two versions read in other contents; each is the hash of a manifest."""

    path: str
    first: tuple[str, ...]
    second: tuple[str, ...]


class Comparison(Record):
    """Two dataset versions side by side. Empty collections mean that nothing is different."""

    first: str
    second: str
    window: Change
    rows: Change
    label_share: Change  # of positives; of numbers it is their mean
    columns_added: dict[str, str]
    columns_removed: dict[str, str]
    columns_changed: dict[str, Change]
    sources: tuple[SourceChange, ...]
    parameters: dict[str, Change]
    features_sql: str  # as a unified diff


def compare(first: str, second: str) -> Comparison:
    """Return what is different between two dataset versions.

    :raises ConfigError: one of the names is unknown, or names a set of files
    """
    with scratch_clone() as clone:
        names = (first, second)
        one, two = (read_version(file_at(clone, name, f"data/{VERSION}"), name) for name in names)
        made_with, other = (_flat(yaml.safe_load(file_at(clone, name, PARAMETERS))) for name in names)
        old, new = (file_at(clone, name, FEATURES).decode().splitlines() for name in names)
    return Comparison(
        first=first,
        second=second,
        window=Change(first=_window(one), second=_window(two)),
        rows=Change(first=one.rows, second=two.rows),
        label_share=Change(first=_share(one), second=_share(two)),
        columns_added={name: two.columns[name] for name in two.columns if name not in one.columns},
        columns_removed={name: one.columns[name] for name in one.columns if name not in two.columns},
        columns_changed={
            name: change for name, change in _changes(one.columns, two.columns) if None not in _both(change)
        },
        sources=_sources(one, two),
        parameters=dict(_changes(made_with, other)),
        features_sql="\n".join(difflib.unified_diff(old, new, first, second, lineterm="")),
    )


def _window(version: DatasetVersion) -> str:
    return f"{version.window.first} to {version.window.last}"


def _share(version: DatasetVersion) -> float:
    if isinstance(version.labels, LabelSummary):
        return version.labels.mean
    return round(version.labels.positive / version.rows, 6) if version.rows else 0.0


def _sources(one: DatasetVersion, two: DatasetVersion) -> tuple[SourceChange, ...]:
    read = [_pinned(version) for version in (one, two)]
    paths = sorted({*read[0], *read[1]})
    found = (SourceChange(path=path, first=read[0].get(path, ()), second=read[1].get(path, ())) for path in paths)
    return tuple(change for change in found if change.first != change.second)


def _pinned(version: DatasetVersion) -> dict[str, tuple[str, ...]]:
    return {path: (*version.older_sources.get(path, ()), newest) for path, newest in version.sources.items()}


def _changes(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[tuple[str, Change]]:
    names = sorted({*one, *two})
    found = [(name, Change(first=one.get(name), second=two.get(name))) for name in names]
    return [(name, change) for name, change in found if change.first != change.second]


def _both(change: Change) -> tuple[Any, Any]:
    return change.first, change.second


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Return the leaves of a YAML mapping by their dotted key."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        leaves |= _flat(value, f"{above}{key}.") if isinstance(value, dict) else {f"{above}{key}": value}
    return leaves
