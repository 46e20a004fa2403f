"""A dataset version tested with a fixed model: the champion on its rows, held against the champion's own evaluation.

On the days of that evaluation only the data can have changed: a correction, a feature, a label. On the later validation
days the world has changed too, so their limit is wide; what is wrong with new days alone is for the gates to find.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from driftgate import uris
from driftgate.errors import CannotJudge
from driftgate.evaluation.day_blocks import FEWEST_DAYS
from driftgate.evaluation.holdout import SPLIT, Holdout, days_of, held
from driftgate.evaluation.metrics import Floats, metric
from driftgate.evaluation.report import EvaluationReport
from driftgate.evaluation.revalidate import Measured, comparable_report, measured
from driftgate.lake import read_record
from driftgate.records import Record
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from driftgate.models import Scorer
    from driftgate.registry import ModelVersion

Days = Literal["same", "new"]


class ContractCheck(Record):
    """The partitions of one dataset that a version was made from, judged by the contract of today.

    ``broken`` has the critical rules that each partition breaks; ``unjudged`` says why others could not be judged.
    """

    dataset: str
    contract: str
    partitions: int
    broken: dict[str, tuple[str, ...]] = {}
    unjudged: dict[str, str] = {}


class FixedModelScore(Measured):
    """The champion on rows of a dataset version. ``change`` is by which share its primary metric is better.

    ``more_rows`` is by which share there are more rows than at its evaluation; None of days that are new.
    """

    days: Days
    reference: float
    change: float
    more_rows: float | None = None
    limit: float
    verdict: Literal["holds", "fails"]
    sentence: str


class DatasetCheck(Record):
    """How a dataset version was tested; it fails when one of its parts does, and holds when nothing is left open."""

    schema_version: int = 1
    use_case: str
    dataset_version: str
    dataset_sha256: str
    champion: str | None
    model_sha256: str | None
    contracts: tuple[ContractCheck, ...]
    scores: tuple[FixedModelScore, ...]
    verdict: Literal["holds", "fails", "cannot_judge"]
    sentence: str


def read_check(dataset_version: str) -> DatasetCheck | None:
    """Return how a dataset version was tested last, None when it was not."""
    return read_record(uris.dataset_check(dataset_version), DatasetCheck)


def fixed_model_scores(use_case: UseCase, model: "ModelVersion", rows: "pa.Table") -> tuple[FixedModelScore, ...]:
    """Return what the champion comes to on the rows of a dataset version, for those of its days that can tell.

    :raises CannotJudge: there are no such days, or its evaluation cannot be compared
    :raises ConfigError: the rows lack a feature of it, or have it of another type
    :raises Tampered: a file of its package was changed
    """
    from driftgate.registry import load_package  # the registry imports this room

    own, scorer = comparable_report(use_case, model), load_package(use_case.name, model.version).scorer
    days = days_of(use_case, rows)
    found = tuple(
        _score(use_case, which, own, held(use_case, chosen, f"the rows of its {which} days"), scorer)
        for which, chosen in _by_days(rows, days, own)
    )
    if not found:
        raise CannotJudge(
            f"Champion {model.version} of {use_case.name} was evaluated on {own.first_day} to {own.last_day}; the "
            f"version has neither all of these days nor {FEWEST_DAYS} later ones to validate on."
        )
    return found


def _by_days(
    rows: "pa.Table", days: "np.ndarray[tuple[int], np.dtype[np.datetime64]]", own: EvaluationReport
) -> "Iterator[tuple[Days, pa.Table]]":
    import numpy as np
    import pyarrow as pa

    first, last = np.datetime64(own.first_day), np.datetime64(own.last_day)
    if len(days) and days.min() <= first and last <= days.max():
        yield "same", rows.filter(pa.array((first <= days) & (days <= last))).drop_columns(SPLIT)
    later = (days > last) & (rows.column(SPLIT).to_numpy(zero_copy_only=False) == "validation")
    if len(np.unique(days[later])) >= FEWEST_DAYS:
        yield "new", rows.filter(pa.array(later)).drop_columns(SPLIT)


def _score(use_case: UseCase, which: Days, own: EvaluationReport, rows: Holdout, scorer: "Scorer") -> FixedModelScore:
    policy, primary = use_case.validation.data_change, metric(use_case.metric.primary)
    scores: Floats = scorer.score_table(rows.table)
    facts = measured(use_case, rows, scores)
    value, reference = facts["metrics"][primary.name], own.metrics[primary.name]
    change = round(float(primary.gain(value, reference)) / abs(reference), 6) if reference else 0.0
    more = round(len(rows.labels) / own.rows - 1, 6) if which == "same" else None
    limit = policy.same_days if which == "same" else policy.new_days
    fails = max(abs(change), abs(more)) > limit if more is not None else -change > limit
    told = f", {more:+.1%} rows" if more else ""
    return FixedModelScore(
        days=which,
        **facts,
        reference=reference,
        change=change,
        more_rows=more,
        limit=limit,
        verdict="fails" if fails else "holds",
        sentence=(
            f"On the {'days of its evaluation' if which == 'same' else 'newest days'}, {facts['first_day']} to "
            f"{facts['last_day']}, {primary.title} is {value:.4f} against {reference:.4f} of its evaluation "
            f"({change:+.1%}{told}), {'more' if fails else 'no more'} than the {limit:.1%} that is allowed."
        ),
    )
