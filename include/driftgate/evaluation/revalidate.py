"""The champion on the newest labelled rows, by the code that evaluated it as a candidate: drift or not.

Monitoring asks what callers were answered, night by night. This asks the model itself, also about requests that nobody
sent, about each segment and each edge case. It moves nothing: a champion that got worse is an alarm.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from driftgate import uris
from driftgate.alarms import raise_alarm
from driftgate.datasets import published_days, trained_rows
from driftgate.errors import CannotJudge
from driftgate.evaluation.costs import expected_cost_usd
from driftgate.evaluation.coverage import segment_results
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, metric_interval
from driftgate.evaluation.edge_cases import edge_case_results
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.holdout import LABEL, Holdout, days_of
from driftgate.evaluation.metrics import Floats, label_values, metric, one_class, reported
from driftgate.evaluation.report import CaseResult, EvaluationReport, SegmentResult, own_report
from driftgate.lake import lake
from driftgate.partition_keys import keys_before, parse_key
from driftgate.records import Record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    from driftgate.registry import ModelVersion


class Measured(Record):
    """What a model's scores on some rows come to."""

    first_day: str
    last_day: str
    rows: int
    metrics: dict[str, float]
    metric_impl_versions: dict[str, int]
    intervals: dict[str, Interval]


class Revalidation(Measured):
    """One champion on rows that are newer than any it was trained or evaluated on.

    ``reference`` and ``reference_interval`` are the primary metric of its own evaluation.
    """

    schema_version: int = 1
    use_case: str
    key: str
    champion: str
    model_sha256: str
    reference: float
    reference_interval: Interval
    segments: tuple[SegmentResult, ...]
    edge_cases: tuple[CaseResult, ...]
    verdict: Literal["holds", "worse"]
    sentence: str


def revalidate(use_case: UseCase, key: str) -> Revalidation:
    """Evaluate the champion on up to ``validation_days`` labelled days up to ``key``, write the report and return it.

    :raises CannotJudge: there is no champion, too few days are newer than it, or its evaluation cannot be compared
    :raises Tampered: a file of its package was changed
    """
    from driftgate.registry import champion, load_package  # the registry imports this room

    model = champion(use_case.name)
    if model is None:
        raise CannotJudge(f"{use_case.name} has no champion yet, so there is none to validate again.")
    held = _newest_rows(use_case, model, key)
    package = load_package(use_case.name, model.version)
    own = comparable_report(use_case, model)
    scores = package.scorer.score_table(held.table)
    facts = {
        "use_case": use_case.name,
        "key": key,
        "champion": model.version,
        "model_sha256": model.model_sha256,
        "segments": segment_results(use_case, held, scores),
        "edge_cases": edge_case_results(use_case, package.signature, package.scorer),
    }
    made = Revalidation(**facts, **measured(use_case, held, scores), **_compared(use_case, model, own, held, scores))
    lake().write(uris.revalidation_report(use_case.name, key), made.canonical())
    _tell(made)
    return made


def _newest_rows(use_case: UseCase, model: "ModelVersion", key: str) -> Holdout:
    """Return the labelled rows of the newest days that the champion has not met, not even as validation rows."""
    import pyarrow.compute as pc

    trained_to = model.dataset_version.rpartition("/")[2][: len("2013-03-31")]
    newest = (parse_key(key) + timedelta(days=1 - use_case.label.known_after_days)).isoformat()
    wanted = [day for day in keys_before(newest, use_case.train.validation_days) if day > trained_to]
    days = published_days(use_case.datasets[0], wanted)
    if len(days) < FEWEST_DAYS:
        raise CannotJudge(
            f"Champion {model.version} of {use_case.name} was made of days up to {trained_to}, and only {len(days)} "
            f"later days up to {newest} are published; {FEWEST_DAYS} are needed to validate it again."
        )
    table = trained_rows(model.dataset_version, days)
    table = table.filter(pc.is_valid(table.column(LABEL)))
    labels = label_values(use_case.problem, table.column(LABEL))
    if not len(labels) or one_class(use_case.problem, labels):
        raise CannotJudge(f"The {len(labels)} labels from {days[0]} to {days[-1]} are none or of one class; wait.")
    return Holdout(table, labels, days_of(use_case, table))


def comparable_report(use_case: UseCase, model: "ModelVersion") -> EvaluationReport:
    """Return the champion's own evaluation.

    :raises CannotJudge: there is none, or its primary metric was measured by other code
    :raises Tampered: a file of its package was changed
    """
    own, primary = own_report(model), metric(use_case.metric.primary)
    if own is None:
        raise CannotJudge(f"The package of {use_case.name}/{model.version} has no evaluation to compare with; retrain.")
    if primary.name not in own.intervals or own.metric_impl_versions.get(primary.name) != primary.version:
        raise CannotJudge(
            f"Champion {model.version} of {use_case.name} was evaluated by another version of {primary.title}; "
            "retrain, then its successor is validated again."
        )
    return own


def measured(use_case: UseCase, held: Holdout, scores: Floats) -> dict[str, Any]:
    """Return the fields of :class:`Measured`."""
    metrics = reported(use_case.problem, use_case.metric.primary)
    days, confidence = held.by_day(scores), use_case.gates.champion.confidence
    values = {one.name: one.value(held.labels, scores) for one in metrics}
    values["expected_cost_usd_per_1000"] = 1000 * expected_cost_usd(held.labels, scores, use_case.metric.costs_usd)
    bounds = {one.name: metric_interval(one, days, confidence) for one in metrics}
    return {
        "first_day": str(held.days.min()),
        "last_day": str(held.days.max()),
        "rows": len(held.labels),
        "metrics": {name: rounded(value) for name, value in values.items()},
        "metric_impl_versions": {one.name: one.version for one in metrics},
        "intervals": {name: rounded_interval(found) for name, found in bounds.items()},
    }


def _compared(
    use_case: UseCase, model: "ModelVersion", own: EvaluationReport, held: Holdout, scores: Floats
) -> dict[str, Any]:
    """Hold the primary metric against the interval of the champion's own evaluation."""
    primary = metric(use_case.metric.primary)
    value, (low, high) = primary.value(held.labels, scores), own.intervals[primary.name]
    worse = value < low if primary.higher_is_better else value > high
    return {
        "reference": own.metrics[primary.name],
        "reference_interval": (low, high),
        "verdict": "worse" if worse else "holds",
        "sentence": (
            f"{primary.title} of champion {model.version} is {value:.4f} on {len(held.labels):,} rows from "
            f"{held.days.min()} to {held.days.max()}, {'worse than' if worse else 'no worse than'} the {low:.4f} to "
            f"{high:.4f} of its evaluation."
        ),
    }


def _tell(made: Revalidation) -> None:
    """Leave an alarm, once, for a champion that got worse."""
    if made.verdict == "worse":
        about = f"{made.use_case}/{made.key}"
        raise_alarm("revalidation", about, made.sentence, use_case=made.use_case, evidence=made.hash, once=True)
