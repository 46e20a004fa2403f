"""The captured requests of one day, seen by monitoring: what callers got, and who answered."""

from typing import TYPE_CHECKING

from driftgate.captures import read_captures
from driftgate.captures.requests import requested
from driftgate.captures.sampling import sampled_share, thinned
from driftgate.monitoring.baseline import Baseline

if TYPE_CHECKING:
    import pyarrow as pa

ANSWERING = ("champion", "canary")


def answers(use_case_name: str, key: str) -> "pa.Table":
    """Return the captures of answers that a caller got on that day; shadows are left out.

    Where the use case captures a share of the request keys, those of the keys that were in it all day.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    captures = read_captures(use_case_name, key)
    answered = captures.filter(pc.is_in(captures.column("variant_role"), pa.array(ANSWERING)))
    return thinned(use_case_name, answered)


def sample_told(captures: "pa.Table") -> str:
    """Return what a sentence says of rows that are a sample, so that nobody takes them for lost traffic."""
    share = sampled_share(captures)
    return "" if share >= 1 else f" (a sample of {share:.4g} of all request keys, as 'serve.capture.share' says)"


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
