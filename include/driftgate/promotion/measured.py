"""The evidence of a step as numbers: what the guardrails are computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.captures import join_outcomes
from driftgate.evaluation.metrics import GUARDED, METRICS, label_values
from driftgate.promotion.bounds import Floats
from driftgate.promotion.evidence import DayEvidence
from driftgate.promotion.state import SHADOW
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Measured:
    """Columns of numbers: ``failed`` and ``latencies_ms`` have one row per request that the candidate met.

    The others are of the candidate and of the champion. In shadow both have the same requests in the same order; in
    canary the scores are empty and the losses are of different requests.
    """

    failed: npt.NDArray[np.bool_]
    latencies_ms: Floats
    candidate_scores: Floats
    champion_scores: Floats
    candidate_losses: Floats
    champion_losses: Floats


def measure_day(use_case: UseCase, step: str, day: DayEvidence, labels: "pa.Table") -> Measured:
    """Return the numbers of one day.

    :raises CannotJudge: a captured score is none
    """
    candidate, champion = (join_outcomes(use_case, side, labels) for side in (day.candidate, day.champion))
    if step == SHADOW:
        scored = _scored(_on_the_same_requests(candidate, champion), "score", "score_champion")
        known = _scored(scored, "label")
        scores = _numbers(scored, "score"), _numbers(scored, "score_champion")
        losses = _losses(use_case, known, "score"), _losses(use_case, known, "score_champion")
    else:
        nothing = np.empty(0)
        scores = nothing, nothing
        answered = (_scored(side, "score", "label") for side in (candidate, champion))
        one, other = (_losses(use_case, side, "score") for side in answered)
        losses = one, other
    failed = day.candidate.column("error").is_valid().to_numpy()
    return Measured(failed, _numbers(day.candidate, "latency_ms"), *scores, *losses)


def pool(days: Sequence[Measured]) -> Measured:
    """Return the numbers of all days together."""
    nothing = Measured(np.empty(0, dtype=bool), *(np.empty(0) for _ in range(5)))
    return Measured(*(np.concatenate(columns) for columns in zip(*map(_columns, (nothing, *days)), strict=True)))


def _columns(measured: Measured) -> tuple[npt.NDArray[np.generic], ...]:
    return tuple(vars(measured).values())


def _on_the_same_requests(candidate: "pa.Table", champion: "pa.Table") -> "pa.Table":
    answered = champion.select(["prediction_id", "score"])
    pairs = candidate.join(answered, "prediction_id", join_type="inner", right_suffix="_champion", use_threads=False)
    return pairs.sort_by("prediction_id")  # a sum depends on its order, and the judgement must not


def _scored(table: "pa.Table", *names: str) -> "pa.Table":
    """Return the rows that have all of these values."""
    for name in names:
        table = table.filter(table.column(name).is_valid())
    return table


def _losses(use_case: UseCase, table: "pa.Table", score: str) -> Floats:
    """Return what each answer is off by: nats in a binary problem, the label's unit in a regression."""
    guarded = METRICS[GUARDED[use_case.problem]]
    if table.num_rows == 0 or guarded.row_losses is None:
        return np.empty(0)
    return guarded.row_losses(label_values(use_case.problem, table.column("label")), table.column(score).to_numpy())


def _numbers(table: "pa.Table", name: str) -> Floats:
    numbers: Floats = table.column(name).to_numpy()
    return numbers
