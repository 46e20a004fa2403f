"""The evidence of a step as numbers, in the order in which the requests came: what the guardrails are computed from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from driftgate.captures import join_outcomes
from driftgate.errors import CannotJudge
from driftgate.evaluation.costs import row_costs_usd
from driftgate.evaluation.metrics import GUARDED, METRICS, Labels, label_values
from driftgate.promotion.evidence import DayEvidence
from driftgate.promotion.facet_groups import groups_of
from driftgate.promotion.sequential import Flags, Floats
from driftgate.promotion.state import SHADOW
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

ORDER = [("received_at", "ascending"), ("prediction_id", "ascending")]


@dataclass(frozen=True)
class Measured:
    """Columns of numbers; losses and costs are of the requests whose outcome is known.

    ``known`` says for each request that the candidate met whether the outcomes of its day are known. ``of_candidate``
    has one element per request key of a canary step: whose it was. Scores, losses and costs are in shadow of the same
    requests of both models, in canary of different ones. ``candidate_groups`` and ``champion_groups`` have one row per
    score and one column per watched group of the facets.
    """

    failed: Flags
    known: Flags
    latencies_ms: Floats
    champion_failed: Flags
    of_candidate: Flags
    candidate_scores: Floats
    champion_scores: Floats
    candidate_groups: Flags
    champion_groups: Flags
    candidate_losses: Floats
    champion_losses: Floats
    candidate_costs: Floats
    champion_costs: Floats


_NO_FLAGS, _NO_NUMBERS = np.empty(0, dtype=bool), np.empty(0)
NOTHING = Measured(
    *(_NO_FLAGS, _NO_FLAGS, _NO_NUMBERS, _NO_FLAGS, _NO_FLAGS, _NO_NUMBERS, _NO_NUMBERS),
    *(np.empty((0, 0), dtype=bool), np.empty((0, 0), dtype=bool)),
    *(_NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS, _NO_NUMBERS),
)


def measure_day(use_case: UseCase, step: str, day: DayEvidence, labels: "pa.Table | None") -> Measured:
    """Return the numbers of one day; without ``labels`` its outcomes are not known yet.

    :raises CannotJudge: a captured score is none
    """
    candidate, champion = day.candidate.sort_by(ORDER), day.champion.sort_by(ORDER)
    answers, score = _answers(step, candidate, champion)
    scores = _numbers(answers[0], "score"), _numbers(answers[1], score)
    if use_case.problem == "binary" and not all(((side >= 0) & (side <= 1)).all() for side in scores):
        raise CannotJudge("A score is not a probability between 0 and 1, so nothing can be measured; train again.")
    losses_and_costs = _of_outcomes(use_case, step, day, labels) if labels is not None else (np.empty(0),) * 4
    return Measured(
        _failed(candidate),
        np.full(candidate.num_rows, labels is not None),
        _numbers(candidate, "latency_ms"),
        _failed(champion),
        np.empty(0, dtype=bool) if step == SHADOW else _split(candidate, champion),
        *scores,
        groups_of(use_case, answers[0]),
        groups_of(use_case, answers[1]),
        *losses_and_costs,
    )


def pool(days: Sequence[Measured]) -> Measured:
    """Return the numbers of all days, one after the other."""
    columns = zip(*(vars(day).values() for day in days), strict=True)
    return Measured(*(np.concatenate(column) for column in columns)) if days else NOTHING


def concurrent_differences(candidate: Floats, champion: Floats, share: int, both: int = 100) -> Floats:
    """Return what the candidate's values are above the champion's of the same time, as one number per block.

    A block holds as many of each as come together at this ``share``: one of the candidate and nineteen of the champion
    at five percent. Blocks hide no trend of the day, and their differences have one law, as the bounds of a mean ask.

    :param both: percentage of the requests that the two have together
    """
    rest = both - share
    ours, theirs = (1, rest // share) if share <= rest else (share // rest, 1)
    blocks = min(len(candidate) // ours, len(champion) // theirs)
    one = candidate[: blocks * ours].reshape(blocks, ours).mean(axis=1)
    other = champion[: blocks * theirs].reshape(blocks, theirs).mean(axis=1)
    difference: Floats = one - other
    return difference


def _answers(step: str, candidate: "pa.Table", champion: "pa.Table") -> tuple[tuple["pa.Table", "pa.Table"], str]:
    """Return the first answers to each request key, of both models, and the column with those of the champion."""
    if step == SHADOW:
        pairs = _once(_scored(_on_the_same_requests(candidate, champion), "score", "score_champion"))
        return (pairs, pairs), "score_champion"
    return (_once(_scored(candidate, "score")), _once(_scored(champion, "score"))), "score"


def _of_outcomes(
    use_case: UseCase, step: str, day: DayEvidence, labels: "pa.Table"
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return losses and costs of the candidate and of the champion, in the order losses, losses, costs, costs."""
    candidate, champion = (join_outcomes(use_case, side, labels) for side in (day.candidate, day.champion))
    if step == SHADOW:
        both = _on_the_same_requests(candidate, champion)
        known = _scored(both, "score", "score_champion", "label").sort_by(ORDER)
        sides = (known, "score"), (known, "score_champion")
    else:
        one, other = (_scored(side, "score", "label").sort_by(ORDER) for side in (candidate, champion))
        sides = (one, "score"), (other, "score")
    (losses, costs), (champion_losses, champion_costs) = (_wrong_by(use_case, *side) for side in sides)
    return losses, champion_losses, costs, champion_costs


def _wrong_by(use_case: UseCase, table: "pa.Table", score: str) -> tuple[Floats, Floats]:
    """Return the loss of each answer (nats in a binary problem, the label's unit in a regression) and its cost."""
    guarded = METRICS[GUARDED[use_case.problem]]
    if table.num_rows == 0 or guarded.row_losses is None:
        return np.empty(0), np.empty(0)
    truth: Labels = label_values(use_case.problem, table.column("label"))
    scores = _numbers(table, score)
    return guarded.row_losses(truth, scores), row_costs_usd(truth, scores, use_case.metric.costs_usd)


def _split(candidate: "pa.Table", champion: "pa.Table") -> Flags:
    """Return whose each request key was, in the order in which they came: one that is asked again tells nothing new."""
    import pyarrow as pa

    names = ["received_at", "prediction_id", "request_key"]
    sides = [
        side.select(names).append_column("ours", pa.array(np.full(side.num_rows, ours)))
        for side, ours in ((candidate, True), (champion, False))
    ]
    ours: Flags = _once(pa.concat_tables(sides).sort_by(ORDER)).column("ours").to_numpy()
    return ours


def _on_the_same_requests(candidate: "pa.Table", champion: "pa.Table") -> "pa.Table":
    answered = champion.select(["prediction_id", "score"])
    pairs = candidate.join(answered, "prediction_id", join_type="inner", right_suffix="_champion", use_threads=False)
    return pairs.sort_by(ORDER)


def _once(ordered: "pa.Table") -> "pa.Table":
    """Return the first row of each request key."""
    keys = ordered.column("request_key").to_numpy(zero_copy_only=False).astype(str)
    return ordered.take(np.sort(np.unique(keys, return_index=True)[1]))


def _scored(table: "pa.Table", *names: str) -> "pa.Table":
    """Return the rows that have all of these values."""
    for name in names:
        table = table.filter(table.column(name).is_valid())
    return table


def _failed(table: "pa.Table") -> Flags:
    failed: Flags = table.column("error").is_valid().to_numpy()
    return failed


def _numbers(table: "pa.Table", name: str) -> Floats:
    numbers: Floats = table.column(name).to_numpy()
    return numbers
