"""The gate on fairness: no group of a facet may fare worse than the section ``fairness`` allows."""

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.bias_metrics import BIAS_METRICS, Tally, row_values
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.costs import cost_threshold
from driftgate.evaluation.day_blocks import FEWEST_DAYS, interval_of
from driftgate.evaluation.facets import group_masks, group_proxies, group_shares, key_of
from driftgate.evaluation.fairness_report import FairnessReport, GroupResult, used
from driftgate.evaluation.gates import rounded, rounded_interval
from driftgate.evaluation.holdout import LABEL, days_of
from driftgate.evaluation.metrics import Floats, Labels, label_values
from driftgate.evaluation.report import GateResult, Verdict
from driftgate.fairness_policy import AFTER_TRAINING, BEFORE_TRAINING, BiasMetricName, Bound, Facet, Fairness
from driftgate.problems import ErrorCosts
from driftgate.use_cases import UseCase

if TYPE_CHECKING:
    import pyarrow as pa

MOST_TOLD = 3


@dataclass(frozen=True)
class JudgedRows:
    """Rows with their labels and days; ``answers`` (decisions of a binary problem) only once a model answered them."""

    table: "pa.Table"
    labels: Labels
    days: npt.NDArray[np.datetime64]
    answers: Labels | None = None


def fairness(found: Comparison) -> Finding:
    """Compare the groups of each facet; without the section there is neither finding nor gate.

    :raises ConfigError: a facet names no column of the rows, or asks a column for what it cannot hold
    """
    use_case, policy = found.use_case, found.use_case.fairness
    if policy is None:
        return Finding({}, ())
    labels = label_values(use_case.problem, found.train.column(LABEL))
    trained = JudgedRows(found.train, labels, days_of(use_case, found.train))
    held = JudgedRows(found.held.table, found.held.labels, found.held.days, decided(use_case, found.scores))
    results = [*group_results(use_case, trained), *group_results(use_case, held)]
    if found.champion is not None and found.champion.scores is not None:
        theirs = group_results(use_case, replace(held, answers=decided(use_case, found.champion.scores)))
        results = _beside(results, theirs, excuses=use_case.gates.or_no_worse_than_champion)
    report = FairnessReport(
        decision_threshold=_threshold(use_case),
        mitigation=policy.mitigation,
        results=tuple(results),
        shares=group_shares(use_case, policy, found.train, found.held.table, str(found.held.days.max())),
        proxies=group_proxies(use_case, policy, found.train),
    )
    gate = fairness_gate(report.results, policy)
    if found.champion and gate.verdict == "pass" and any(one.verdict == "no_worse" for one in results):
        gate = gate.model_copy(update={"excused_by": found.champion.version})
    return Finding({"fairness": report}, (gate,))


def decided(use_case: UseCase, scores: Floats) -> Labels:
    """Return the answers as bias metrics take them: decisions of a binary problem, numbers of a regression."""
    threshold = _threshold(use_case)
    return scores if threshold is None else scores > threshold


def group_results(use_case: UseCase, rows: JudgedRows) -> list[GroupResult]:
    """Return each metric of each group of each facet: those of the labels, or with answers those of the answers.

    :raises ConfigError: a facet names no column of the rows, or asks a column for what it cannot hold
    """
    policy = use_case.fairness
    metrics = (BEFORE_TRAINING if rows.answers is None else AFTER_TRAINING)[use_case.problem]
    if policy is None:
        return []
    found = []
    for name, facet in policy.facets.items():
        inside = group_masks(facet, rows.table, key_of(use_case, name))
        strata = _strata(facet, rows.table)
        for group in facet.compared:
            sums = _daily_sums(use_case, rows, strata, [inside[facet.reference], inside[group]])
            counted = int(inside[group].sum()), int(inside[facet.reference].sum())
            judged = partial(group_result, policy, name, group, sums=sums, counted=counted)
            found += [judged(metric) for metric in metrics]
    return found


def fairness_gate(results: tuple[GroupResult, ...], policy: Fairness) -> GateResult:
    """Fail when a result breaks its bounds, and further than the champion's; too few rows are never a pass."""
    bounded = sorted((one for one in results if one.verdict != "reported"), key=lambda one: -one.used)
    failed = [one for one in bounded if one.verdict == "fail"]
    excused = [one for one in bounded if one.verdict == "no_worse"]
    untold = [one for one in bounded if one.verdict == "insufficient_data"]
    if failed:
        return _gate(
            "fail", bounded, f"{len(failed)} of {len(bounded)} comparisons of groups break their bounds", failed
        )
    if untold:
        needed = f"{policy.min_group_rows:,} rows on {FEWEST_DAYS} days"
        return _gate("insufficient_data", bounded, f"{len(untold)} of {len(bounded)} comparisons lack {needed}", untold)
    if excused:
        says = f"{len(excused)} of {len(bounded)} comparisons of groups break their bounds"
        return _gate("pass", bounded, f"{says}, and the champion's no less", excused)
    return _gate(
        "pass", bounded, f"All {len(bounded)} comparisons of groups keep their bounds; nearest to one", bounded[:1]
    )


def _gate(verdict: Verdict, bounded: list[GroupResult], says: str, told: list[GroupResult]) -> GateResult:
    return GateResult(
        gate="fairness",
        metric=bounded[0].metric,
        value=rounded(bounded[0].used),
        interval=None,
        threshold=1.0,
        verdict=verdict,
        sentence=f"{says}: {'; '.join(one.sentence for one in told[:MOST_TOLD])}.",
    )


def _threshold(use_case: UseCase) -> float | None:
    costs = use_case.metric.costs_usd
    return cost_threshold(costs) if isinstance(costs, ErrorCosts) else None


def _strata(facet: Facet, table: "pa.Table") -> npt.NDArray[np.int64]:
    """Return the number of each row's stratum; without ``conditional_on`` there is one."""
    if facet.conditional_on is None:
        return np.zeros(table.num_rows, dtype=np.int64)
    column = table.column(facet.conditional_on).combine_chunks().dictionary_encode(null_encoding="encode")
    codes: npt.NDArray[np.int64] = column.indices.to_numpy().astype(np.int64)
    return codes


def _daily_sums(
    use_case: UseCase, rows: JudgedRows, strata: npt.NDArray[np.int64], groups: list[npt.NDArray[np.bool_]]
) -> dict[str, Floats]:
    """Return, by the name of what is summed, an array of days by groups by strata."""
    days, places = np.unique(rows.days, return_inverse=True)
    shape = (len(days), int(strata.max(initial=0)) + 1)
    cells = places * shape[1] + strata
    values = row_values(use_case.problem, rows.labels, rows.answers)
    return {
        name: np.stack(
            [np.bincount(cells[inside], of[inside], shape[0] * shape[1]).reshape(shape) for inside in groups], axis=1
        )
        for name, of in values.items()
    }


def group_result(
    policy: Fairness,
    facet: str,
    group: str,
    metric: BiasMetricName,
    *,
    sums: dict[str, Floats],
    counted: tuple[int, int],
) -> GroupResult:
    """Return one metric of one group.

    :param sums: by the name of what is summed, an array of days by groups (the reference first) by strata
    :param counted: the rows of the group and of the reference
    """
    bound = policy.facets[facet].bound(metric)
    measured = _measured(metric, sums, policy.confidence) if min(counted) >= policy.min_group_rows else None
    found = GroupResult(
        facet=facet,
        group=group,
        reference=policy.facets[facet].reference,
        metric=metric,
        rows=counted[0],
        reference_rows=counted[1],
        value=measured[0] if measured else None,
        interval=measured[1] if measured else None,
        **(bound or Bound()).model_dump(),
        verdict="reported" if bound is None else "insufficient_data",
    )
    if bound is None or measured is None:
        return found
    return found.model_copy(update={"verdict": "pass" if found.used <= 1 else "fail"})


def _measured(
    metric: BiasMetricName, sums: dict[str, Floats], confidence: float
) -> tuple[float, tuple[float, float]] | None:
    """Return a metric and its interval, None where they cannot be told."""
    names, daily = list(sums), np.stack(list(sums.values()), axis=-1)  # days, groups, strata, names

    def of_sums(flat: Floats) -> Floats:
        whole = flat.reshape(-1, *daily.shape[1:])
        a, d = (_tally(names, whole[:, place]) for place in (0, 1))
        return BIAS_METRICS[metric](a, d)

    flat = daily.reshape(len(daily), -1)
    value = float(of_sums(flat.sum(axis=0, keepdims=True))[0])
    if np.isnan(value) or len(flat) < FEWEST_DAYS:
        return None
    return rounded(value), rounded_interval(interval_of(of_sums, flat, confidence))


def _tally(names: list[str], sums: Floats) -> Tally:
    return {name: sums[..., place] for place, name in enumerate(names)}


def _beside(results: list[GroupResult], champion: list[GroupResult], *, excuses: bool) -> list[GroupResult]:
    """Return the candidate's results with the champion's values, which may excuse what breaks its bounds."""
    values = {one.name: one.value for one in champion}
    found = []
    for one in results:
        beside = one.model_copy(update={"champion": values.get(one.name)})
        excused = excuses and one.verdict == "fail" and _no_further(beside)
        found.append(beside.model_copy(update={"verdict": "no_worse"}) if excused else beside)
    return found


def _no_further(result: GroupResult) -> bool:
    """Return whether the champion's value lies as far from no difference, on the side that is bounded, or further."""
    if result.value is None or result.champion is None:
        return False
    mine, theirs = (used(result.metric, result.bound, (value, value)) for value in (result.value, result.champion))
    return mine <= theirs
