"""The offline truth about one day: its requests' features as the training of a model would see them."""

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
    with scratch_clone() as clone:
        made_with = parse_record(
            yaml.safe_load(file_at(clone, version, PARAMETERS)), Parameters, where=f"{PARAMETERS} at tag {version}"
        )
        features_sql = file_at(clone, version, FEATURES).decode()
    known = Known(lake())
    about = made_with.version
    if not known.revisions(about.datasets[0], day):
        raise SourceMissing(f"{about.datasets[0]} {day} is not published; run the ingest DAG for it first.")
    pins = pins_of([day], about.datasets, about.history_days, made_with.prepare.lookback_days, known)
    (rows,) = DayRows(made_with, features_sql, DayTables(made_with, pins), cached=True).of([day])
    return rows.drop_columns(LABEL)
