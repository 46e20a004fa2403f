"""The rows of a dataset version, checked for what no trainer can learn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

LABEL, SPLIT = "label", "split"


@dataclass(frozen=True)
class Part:
    """The rows of one split: every column of ``features.sql``, and the labels apart."""

    table: "pa.Table"
    labels: NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingRows:
    """Rows to learn from, later rows to stop and measure on, and the columns that are features."""

    train: Part
    validation: Part
    features: tuple[str, ...]


def split_rows(spec: JobSpec, table: "pa.Table") -> TrainingRows:
    """Return the two splits of ``rows.parquet``.

    :raises ConfigError: a split has no rows or one class of labels, or no column is left as a feature
    """
    return TrainingRows(
        _part(spec, table, "train"), _part(spec, table, "validation"), _features(spec, table.column_names)
    )


def _part(spec: JobSpec, table: "pa.Table", split: str) -> Part:
    import pyarrow.compute as pc

    rows = table.filter(pc.equal(table.column(SPLIT), split))
    labels = np.asarray(rows.column(LABEL).to_numpy(), dtype=bool)
    where = f"Dataset version {spec.dataset_version}: the {split} split"
    if not len(labels):
        raise ConfigError(f"{where} has no rows; widen 'train.window_days' of the use case.")
    if labels.all() or not labels.any():
        raise ConfigError(
            f"{where} has only the label {bool(labels[0])} in its {len(labels)} rows: there is nothing to tell apart; "
            f"widen 'train.window_days', or correct 'label.expression' of the use case."
        )
    return Part(rows.drop_columns([LABEL, SPLIT]), labels)


def _features(spec: JobSpec, columns: list[str]) -> tuple[str, ...]:
    for name in spec.not_features:
        if name not in columns:
            raise ConfigError(
                f"Use case {spec.use_case}: 'not_features' names {name!r}, which features.sql does not select"
                f"{nearest(name, columns)}"
            )
    features = tuple(name for name in columns if name not in (LABEL, SPLIT, *spec.not_features))
    if not features:
        raise ConfigError(f"Use case {spec.use_case}: 'not_features' leaves no feature; select some in features.sql.")
    return features
