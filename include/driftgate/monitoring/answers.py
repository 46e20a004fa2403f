"""The captured requests of one day, seen by monitoring: what callers got, and who answered."""

from typing import TYPE_CHECKING

from driftgate.captures import read_captures
from driftgate.captures.requests import requested
from driftgate.monitoring.baseline import Baseline

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
    """Return the request rows with the baseline's features, as :func:`driftgate.captures.requests.requested`."""
    return requested(captures, baseline.profile.columns)
