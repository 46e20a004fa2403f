"""The day's answers joined with what really happened.

Which day is joined follows from the label lag. The night of partition K runs on day K + 1, and the outcome of day D is
known on day D + ``known_after_days``; so the newest day with labels is K + 1 - ``known_after_days``: K itself where
outcomes are known on the next day. Each night joins that one day, and joining it again gives the same table.
"""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from driftgate import uris
from driftgate.captures import OUTCOME, join_outcomes, read_captures
from driftgate.captures.sampling import sampled_share
from driftgate.datasets import compute_labels
from driftgate.lake import Manifest, lake, publish, read_manifest, read_table
from driftgate.monitoring.answers import ANSWERING
from driftgate.partition_keys import parse_key
from driftgate.records import Record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


class JoinResult(Record):
    """What came of joining one day; the counts are of answers by models that a caller got.

    ``shadow`` counts those that nobody got, ``fallback`` those of the rule, where the champion ``failed``, ``control``
    those of the rule to callers whose lot it was.
    ``share`` is the smallest share of the request keys that was captured on that day: fewer requests are no lost ones.
    Of the ``unlabelled``, those ``outstanding`` have no outcome row at all, which may still come.
    """

    schema_version: int = 1
    use_case: str
    key: str
    labelled_key: str
    path: str
    manifest_hash: str
    requests: int
    labelled: int
    unlabelled: int
    outstanding: int = 0
    failed: int
    duplicates: int
    shadow: int
    fallback: int = 0
    control: int = 0
    share: float = 1.0


def labelled_key(use_case: UseCase, key: str) -> str:
    """Return the newest day whose outcomes are known in the night of ``key``."""
    return (parse_key(key) + timedelta(days=1 - use_case.label.known_after_days)).isoformat()


def join_ground_truth(use_case: UseCase, key: str) -> JoinResult:
    """Join the newest day with known outcomes, publish the table in the lake and return the counts.

    The table has one row per ``prediction_id`` and variant, and ``label`` is null where the outcome never comes
    (a cancelled flight). A request key asked twice keeps its first answer.

    :raises SourceMissing: the outcomes of that day are not published yet
    """
    store = lake()
    day = labelled_key(use_case, key)
    truth = read_manifest(store, uris.partition("validated", use_case.datasets[0], day))
    captures = read_captures(use_case.name, day)
    joined = join_outcomes(use_case, captures, compute_labels(use_case, read_table(store, truth)))
    manifest = publish(store, uris.joined(use_case.name, day), joined, inputs=(truth.hash,))
    result = _result(use_case, key, captures, joined, manifest)
    store.write(uris.monitoring_report(use_case.name, key, "ground_truth"), result.canonical())
    return result


def read_joined(use_case_name: str, day: str) -> "pa.Table":
    """Return the joined table of a day.

    :raises SourceMissing: that day was never joined
    """
    return read_table(lake(), read_manifest(lake(), uris.joined(use_case_name, day)))


def with_outcome(joined: "pa.Table") -> "pa.Table":
    """Return the joined answers that have both a score and a label."""
    import pyarrow.compute as pc

    return joined.filter(pc.and_(pc.is_valid(joined.column("label")), pc.is_valid(joined.column("score"))))


def _result(use_case: UseCase, key: str, captures: "pa.Table", joined: "pa.Table", manifest: Manifest) -> JoinResult:
    import pyarrow as pa
    import pyarrow.compute as pc

    roles = joined.column("variant_role")
    answered = joined.filter(pc.is_in(roles, pa.array(ANSWERING)))
    labels, others = answered.column("label"), Counter(roles.to_pylist())
    return JoinResult(
        use_case=use_case.name,
        key=key,
        labelled_key=labelled_key(use_case, key),
        path=manifest.path,
        manifest_hash=manifest.hash,
        requests=answered.num_rows,
        labelled=answered.num_rows - labels.null_count,
        unlabelled=labels.null_count,
        outstanding=answered.num_rows - (pc.sum(answered.column(OUTCOME)).as_py() or 0),
        failed=answered.column("score").null_count,
        duplicates=captures.num_rows - joined.num_rows,
        shadow=others["shadow"],
        fallback=others["fallback"],
        control=others["control"],
        share=sampled_share(captures),
    )
