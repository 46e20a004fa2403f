"""The bias monitor: whether the champion's answers of the last days treat a group worse than ``fairness`` allows.

The facets, metrics and bounds are those of the gate. Where a gate asks a candidate to prove that it keeps them, an
alarm needs proof that they are broken: the whole interval beyond a bound. A value beyond it alone is a minor one.

What the decisions alone tell, disparate impact, is of the days up to tonight, whether their outcomes are there or not;
all else is of the days whose outcomes are due. Each day's sums over the groups are kept in the evidence, so a night
reads one day; a day whose outcomes come late is counted when they are there.
"""

from collections.abc import Iterator

from driftgate.errors import CannotJudge, ConfigError
from driftgate.evaluation.bias_cases import open_case
from driftgate.evaluation.day_blocks import FEWEST_DAYS
from driftgate.evaluation.fairness import group_result
from driftgate.evaluation.fairness_report import GroupResult
from driftgate.fairness_policy import AFTER_TRAINING, BiasMetricName, Fairness, neutral
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.judges.group_days import GroupDays
from driftgate.monitoring.night import Night
from driftgate.severity import SEVERITIES, Severity
from driftgate.use_cases import UseCase

FOUND_BY = "monitoring"
WITHOUT_OUTCOMES: tuple[BiasMetricName, ...] = ("disparate_impact", "difference_in_positive_proportions")
FAR = 2.0  # times what a bound allows
RANK: tuple[Severity | None, ...] = (None, *SEVERITIES)


def judge_bias(night: Night) -> Evidence:
    """Judge the bounds of ``fairness`` on the champion's last answers; a use case without bounds breaks none.

    :raises CannotJudge: nobody answered as champion, or a facet cannot be read from the requests
    """
    policy = night.use_case.fairness
    if policy is None:
        return _nothing_agreed(night)
    days = GroupDays(night, policy)
    try:
        results = list(_results(night, policy, days))
    except ConfigError as problem:
        raise CannotJudge(str(problem)) from None
    judged = [one for one in results if one.verdict != "reported" and one.value is not None]
    if not judged:
        wanted = f"{policy.min_group_rows:,} rows on {FEWEST_DAYS} days"
        sentence = f"No two groups of model {night.served} have {wanted} each: {results[0].sentence}."
        return night.insufficient("bias", sentence).model_copy(update={"carried": days.carried})
    return _evidence(night, results, judged, days)


def open_cases(use_case: UseCase, evidence: Evidence) -> None:
    """Open the bias case of each comparison whose bounds are proved to be broken."""
    for one in evidence.statistics:
        if one.interval is None or one.feature is None or use_case.fairness is None:
            continue
        result = _result_of(use_case.fairness, one)
        if RANK.index(breach(result)) > RANK.index("minor"):
            open_case(use_case, result, found_by=FOUND_BY, model=str(evidence.champion), as_of=evidence.key)


def breach(result: GroupResult) -> Severity | None:
    """Return how badly a comparison breaks its bounds, None where it does not.

    ``minor``: the value does; ``major``: the whole interval does; ``critical``: all of it by more than twice what is
    allowed.
    """
    if result.value is None or result.interval is None:
        return None
    alike = neutral(result.metric)
    one_sided = all(end > alike for end in result.interval) or all(end < alike for end in result.interval)
    surely = min(_used(result, end) for end in result.interval) if one_sided else 0.0
    if surely > 1:
        return "critical" if surely > FAR else "major"
    return "minor" if _used(result, result.value) > 1 else None


def _used(result: GroupResult, value: float) -> float:
    """Return a value's distance from no difference as a share of what is allowed on its side."""
    alike, limit = neutral(result.metric), _limit(result, value)
    return 0.0 if limit is None else (value - alike) / (limit - alike)


def _limit(result: GroupResult, value: float) -> float | None:
    return result.at_least if value < neutral(result.metric) else result.at_most


def _results(night: Night, policy: Fairness, days: GroupDays) -> Iterator[GroupResult]:
    for name, facet in policy.facets.items():
        for group in facet.compared:
            pair = [days.groups.index((name, one)) for one in (facet.reference, group)]
            for metric in AFTER_TRAINING[night.use_case.problem]:
                window = days.answered if metric in WITHOUT_OUTCOMES else days.labelled
                reference, rows = (int(one) for one in window["rows"][:, pair].sum(axis=0))
                sums = {one: values[:, pair, None] for one, values in window.items()}
                yield group_result(policy, name, group, metric, sums=sums, counted=(rows, reference))


def _nothing_agreed(night: Night) -> Evidence:
    sentence = f"No group of {night.use_case.name} is to be compared: it has no section 'fairness'."
    return night.insufficient("bias", sentence).model_copy(update={"verdict": "ok"})


def _evidence(night: Night, results: list[GroupResult], judged: list[GroupResult], days: GroupDays) -> Evidence:
    worst = max(judged, key=lambda one: (RANK.index(breach(one)), _used(one, one.value or 0.0), one.name))
    severity = breach(worst)
    broken = [one for one in judged if breach(one)]
    facets = night.use_case.fairness.facets if night.use_case.fairness else {}
    return night.found(
        "bias",
        _statistic(worst).model_copy(update={"name": worst.name}),
        _sentence(judged, broken, worst),
        drifts=severity is not None,
        severity=severity,
        sample_size=worst.rows + worst.reference_rows,
        features=sorted({facets[one.facet].column for one in broken}),
        statistics=[_statistic(one) for one in results if one.value is not None],
        carried=days.carried,
    )


def _statistic(result: GroupResult) -> Statistic:
    value = result.value or 0.0
    return Statistic(
        name=result.metric,
        value=value,
        feature=f"{result.facet}.{result.group}",
        interval=result.interval,
        threshold=_limit(result, value),
        reference=neutral(result.metric),
    )


def _result_of(policy: Fairness, one: Statistic) -> GroupResult:
    """Return the comparison that a statistic of the evidence tells of."""
    facet, group = str(one.feature).split(".", 1)
    of = policy.facets[facet]
    metric = next(name for name in AFTER_TRAINING["binary"] + AFTER_TRAINING["regression"] if name == one.name)
    bound = of.bound(metric)
    return GroupResult(
        facet=facet,
        group=group,
        reference=of.reference,
        metric=metric,
        rows=0,
        reference_rows=0,
        value=one.value,
        interval=one.interval,
        **(bound.model_dump() if bound else {}),
        verdict="fail" if bound else "reported",
    )


def _sentence(judged: list[GroupResult], broken: list[GroupResult], worst: GroupResult) -> str:
    if not broken:
        return f"All {len(judged)} comparisons of groups keep their bounds; nearest to one, {worst.sentence}."
    proof = "" if breach(worst) != "minor" else ", which its interval does not prove"
    return f"{len(broken)} of {len(judged)} comparisons of groups break their bounds{proof}; worst, {worst.sentence}."
