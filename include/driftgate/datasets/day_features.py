"""The offline truth about days: their requests' features, and labels, as the training of a model would see them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import yaml

from driftgate.datasets.day_rows import DayRows
from driftgate.datasets.day_tables import DayTables
from driftgate.datasets.labels import LABEL
from driftgate.datasets.parameters import FEATURES, PARAMETERS, Parameters
from driftgate.datasets.restore import file_at, scratch_clone
from driftgate.datasets.window import Known, pins_of
from driftgate.errors import SourceMissing
from driftgate.lake import lake
from driftgate.records import parse_record

if TYPE_CHECKING:
    import pyarrow as pa


def trained_features(version: str, day: str) -> "pa.Table":
    """Return the features of every request of ``day``, made as those of the dataset version ``version`` were.

    SQL and parameters are the version's own, so a later change of the use case does not matter. Contents of partitions
    are those known now, seen as of ``day``.

    :raises ConfigError: there is no such version
    :raises SourceMissing: the requests of ``day`` are not published
    """
    return trained_rows(version, [day]).drop_columns(LABEL)


def trained_rows(version: str, days: Sequence[str]) -> "pa.Table":
    """Return what :func:`trained_features` does, of several days, with ``label``: null where no outcome is known.

    :raises ConfigError: there is no such version
    :raises SourceMissing: the requests of a day are not published
    """
    import pyarrow as pa

    with scratch_clone() as clone:
        made_with = parse_record(
            yaml.safe_load(file_at(clone, version, PARAMETERS)), Parameters, where=f"{PARAMETERS} at tag {version}"
        )
        features_sql = file_at(clone, version, FEATURES).decode()
    known, about = Known(lake()), made_with.version
    for day in days:
        if not known.revisions(about.datasets[0], day):
            raise SourceMissing(f"{about.datasets[0]} {day} is not published; run the ingest DAG for it first.")
    pins = pins_of(list(days), about.datasets, about.history_days, made_with.prepare.lookback_days, known)
    return pa.concat_tables(DayRows(made_with, features_sql, DayTables(made_with, pins), cached=True).of(list(days)))


def published_days(dataset: str, days: Sequence[str]) -> list[str]:
    """Return those of ``days`` of which the partition of ``dataset`` is published."""
    known = Known(lake())
    return [day for day in days if known.revisions(dataset, day)]
