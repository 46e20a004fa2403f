"""The rows of a dataset version, checked for what no trainer can learn from."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

LABEL, SPLIT = "label", "split"


@dataclass(frozen=True)
class Part:
    """The rows of one split: every column of ``features.sql``, and the labels apart.

    The labels are booleans where the problem is binary, and numbers where it is a regression.
    """

    table: "pa.Table"
    labels: NDArray[Any]


@dataclass(frozen=True)
class TrainingRows:
    """Rows to learn from, later rows to stop and measure on, and the columns that are features."""

    train: Part
    validation: Part
    features: tuple[str, ...]


def split_rows(spec: JobSpec, table: "pa.Table") -> TrainingRows:
    """Return the two splits of ``rows.parquet``.

    :raises ConfigError: a split has no rows, one class of labels or one value of them, or no column is a feature
    """
    return TrainingRows(
        _part(spec, table, "train"), _part(spec, table, "validation"), _features(spec, table.column_names)
    )


def _part(spec: JobSpec, table: "pa.Table", split: str) -> Part:
    import pyarrow.compute as pc

    rows = table.filter(pc.equal(table.column(SPLIT), split))
    where = f"Dataset version {spec.dataset_version}: the {split} split"
    if not rows.num_rows:
        raise ConfigError(f"{where} has no rows; widen 'train.window_days' of the use case.")
    read = _numbers if spec.problem == "regression" else _classes
    return Part(rows.drop_columns([LABEL, SPLIT]), read(rows.column(LABEL), where))


def _classes(column: "pa.ChunkedArray", where: str) -> NDArray[np.bool_]:
    labels = np.asarray(column.to_numpy(), dtype=bool)
    if labels.all() or not labels.any():
        raise ConfigError(
            f"{where} has only the label {bool(labels[0])} in its {len(labels)} rows: there is nothing to tell apart; "
            f"widen 'train.window_days', or correct 'label.expression' of the use case."
        )
    return labels


def _numbers(column: "pa.ChunkedArray", where: str) -> NDArray[np.float64]:
    labels = np.asarray(column.to_numpy(), dtype=np.float64)
    if unusable := int((~np.isfinite(labels)).sum()):
        raise ConfigError(
            f"{where} has {unusable} labels that are no finite number; correct 'label.expression' of the use case."
        )
    if (labels == labels[0]).all():
        raise ConfigError(
            f"{where} has only the label {labels[0]:g} in its {len(labels)} rows: there is nothing to learn; widen "
            f"'train.window_days', or correct 'label.expression' of the use case."
        )
    return labels


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
