"""Whether more data would help: the same training on shares of the rows, what each costs and what it gains."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from driftgate import uris
from driftgate.compute import JobResult, JobSpec
from driftgate.compute.jobs import checked_job_id
from driftgate.errors import ConfigError
from driftgate.evaluation.candidate import candidate_scorer
from driftgate.evaluation.day_blocks import FEWEST_DAYS, Interval, gain_interval
from driftgate.evaluation.holdout import Holdout, holdout
from driftgate.evaluation.metrics import metric
from driftgate.lake import lake
from driftgate.ledger import collect
from driftgate.problems import PrimaryMetric
from driftgate.records import Record
from driftgate.training.spec import training_spec
from driftgate.use_cases import UseCase

SHARES = (0.25, 0.5, 0.75, 1.0)
DIGITS = 6


class Point(Record):
    """One training on a share of the rows. Dollars are None where the target has no price."""

    share: float
    job_id: str
    rows: int
    value: float  # of the primary metric on the validation rows
    seconds: float
    peak_memory_mib: float
    usd: float | None
    gain: float | None = None  # against the point before
    gain_interval: Interval | None = None


class Projection(Record):
    """What a training on all rows would take, by a straight line through the smaller shares."""

    rows: int
    seconds: float
    peak_memory_mib: float
    usd: float | None


class LearningCurve(Record):
    """The record of one curve. ``knee`` is the share up to which resources buy the most; None where there is none."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    target: str
    metric: PrimaryMetric
    points: tuple[Point, ...]
    projection: Projection | None
    more_data_helps: bool | None
    knee: float | None
    sentence: str


def curve_specs(
    use_case: UseCase, dataset_version: str, shares: Sequence[float] = SHARES, target: str | None = None
) -> list[JobSpec]:
    """Return one job for each share, smallest first, under names that the same question finds again.

    :raises ConfigError: a share is not above 0 and at most 1, or there are fewer than two
    """
    if len(set(shares)) < 2 or not all(0 < share <= 1 for share in shares):
        raise ConfigError(f"A learning curve needs two shares or more above 0 and at most 1, for example {SHARES}.")
    return [share_spec(use_case, dataset_version, share, target) for share in sorted(set(shares))]


def share_spec(use_case: UseCase, dataset_version: str, share: float, target: str | None = None) -> JobSpec:
    """Return the job that trains on a share of the rows; its name says what is asked for, so it runs once."""
    train = use_case.train.model_copy(update={"target": target or use_case.train.target})
    named = training_spec(use_case.model_copy(update={"train": train}), dataset_version, "unnamed")
    spec = named.model_copy(update={"row_share": share})
    job_id = checked_job_id(f"train-{use_case.name}-{100 * share:g}-percent-{spec.hash[:16]}".replace(".", "_"))
    return spec.model_copy(update={"job_id": job_id})


def learning_curve(
    use_case: UseCase, dataset_version: str, folder: Path, done: Sequence[tuple[JobSpec, JobResult]]
) -> LearningCurve:
    """Compare the trained shares on the same validation rows, write the record to the lake and return it.

    :param folder: the files of the dataset version
    :param done: the jobs of :func:`curve_specs` and their results, smallest share first
    """
    held = holdout(use_case, folder)
    points: list[Point] = []
    before: JobResult | None = None
    for spec, result in done:
        points.append(_point(use_case, held, spec, result, before))
        before = result
    curve = LearningCurve(
        use_case=use_case.name,
        dataset_version=dataset_version,
        target=done[0][0].target,
        metric=use_case.metric.primary,
        points=tuple(points),
        projection=_projection(points),
        more_data_helps=_helps(points[-1]),
        knee=knee(use_case.metric.primary, points),
        sentence=_sentence(use_case, points),
    )
    lake().write(uris.learning_curve(dataset_version), curve.canonical())
    return curve


def knee(name: PrimaryMetric, points: Sequence[Point]) -> float | None:
    """Return the share where the curve of value over resources bends most (Satopää et al. 2011).

    The resource is dollars, or seconds where a point has no price. It is the point farthest above the line from the
    first to the last; a curve that lies nowhere above it has not bent yet.
    """
    if len(points) < 3:
        return None
    priced = all(point.usd is not None for point in points)
    spent = np.array([point.usd if priced else point.seconds for point in points], dtype=float)
    sign = 1 if metric(name).higher_is_better else -1
    reached = sign * np.array([point.value for point in points])
    if np.ptp(spent) == 0 or reached[-1] <= reached[0]:
        return None
    above = (reached - reached[0]) / (reached[-1] - reached[0]) - (spent - spent[0]) / np.ptp(spent)
    return points[int(above.argmax())].share if above.max() > 0 else None


def _point(use_case: UseCase, held: Holdout, spec: JobSpec, result: JobResult, before: JobResult | None) -> Point:
    primary = metric(use_case.metric.primary)
    scores = candidate_scorer(result).score_table(held.table)
    gained: dict[str, float | Interval | None] = {}
    if before is not None:
        earlier = candidate_scorer(before).score_table(held.table)
        gain = primary.gain(primary.value(held.labels, scores), primary.value(held.labels, earlier))
        days, others = held.by_day(scores), held.by_day(earlier)
        confidence = use_case.gates.champion.confidence
        bounds = gain_interval(primary, days, others, confidence) if len(days) >= FEWEST_DAYS else None
        gained = {"gain": round(gain, DIGITS), "gain_interval": bounds}
    costs = [row.cost_usd for row in collect(result.job_id)]
    usd = None if not costs or None in costs else sum(cost for cost in costs if cost)
    return Point(
        share=spec.row_share,
        job_id=spec.job_id,
        rows=int(result.metrics["train_rows"]),
        value=round(primary.value(held.labels, scores), DIGITS),
        seconds=result.seconds,
        peak_memory_mib=result.peak_memory_mib,
        usd=usd,
        **gained,
    )


def _projection(points: Sequence[Point]) -> Projection | None:
    smaller = [point for point in points if point.share < 1]
    if len(smaller) < 2:
        return None
    rows = round(smaller[-1].rows / smaller[-1].share)
    counts = [point.rows for point in smaller]

    def at_full(values: Sequence[float]) -> float:
        slope, start = np.polyfit(counts, values, 1)
        return round(float(start + slope * rows), DIGITS)

    costs = [point.usd for point in smaller if point.usd is not None]
    return Projection(
        rows=rows,
        seconds=at_full([point.seconds for point in smaller]),
        peak_memory_mib=at_full([point.peak_memory_mib for point in smaller]),
        usd=at_full(costs) if len(costs) == len(smaller) else None,
    )


def _helps(last: Point) -> bool | None:
    return None if last.gain_interval is None else last.gain_interval[0] > 0


def _sentence(use_case: UseCase, points: Sequence[Point]) -> str:
    before, last = points[-2:]
    title = metric(use_case.metric.primary).title
    step = f"From {before.share:.0%} to {last.share:.0%} of the rows"
    if last.gain_interval is None:
        return (
            f"{step} {title} gains {last.gain:+.4f}; the validation rows are of too few days to say whether by chance."
        )
    low, high = last.gain_interval
    verdict = "more data helps" if low > 0 else "the interval holds zero or less, so more data is not seen to help"
    return f"{step} {title} gains {last.gain:+.4f} ({low:+.4f} to {high:+.4f}): {verdict}."
