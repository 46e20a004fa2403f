"""The captured requests of one day, seen by monitoring: what callers got, and who answered."""

import json
from typing import TYPE_CHECKING

from driftgate.captures import read_captures
from driftgate.monitoring.baseline import Baseline
from driftgate.profiles import CategoricalColumn

if TYPE_CHECKING:
    import pyarrow as pa

ANSWERING = ("champion", "canary")


def answers(use_case_name: str, key: str) -> "pa.Table":
    """Return the captures of answers that a caller got on that day; shadows are left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    captures = read_captures(use_case_name, key)
    return captures.filter(pc.is_in(captures.column("variant_role"), pa.array(ANSWERING)))


def champion_of(captures: "pa.Table") -> str | None:
    """Return the version that answered as champion at the end of the day, None when nobody did."""
    import pyarrow.compute as pc

    champions = captures.filter(pc.equal(captures.column("variant_role"), "champion"))
    if champions.num_rows == 0:
        return None
    newest = champions.sort_by([("deployment_revision", "descending"), ("received_at", "descending")])
    version: str = newest.column("model_version")[0].as_py()
    return version


def requested_features(captures: "pa.Table", baseline: Baseline) -> "pa.Table":
    """Return the request rows with the baseline's features, numbers as float64 and words as strings.

    A feature that no request has is a column of nulls.
    """
    import pyarrow as pa

    rows = [json.loads(row) for row in captures.column("features").to_pylist()]
    columns = {}
    for name, reference in baseline.profile.columns.items():
        values = [row.get(name) for row in rows]
        if isinstance(reference, CategoricalColumn):
            columns[name] = pa.array([_word(value) for value in values], pa.string())
        else:
            columns[name] = pa.array([_number(value) for value in values], pa.float64())
    return pa.table(columns)


def _word(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()  # as Arrow writes booleans
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
