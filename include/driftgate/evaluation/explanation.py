"""The gate on explanations: a model that cannot be explained as agreed sees no traffic, however good it is."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.attribution import attribution_baseline, attributions, is_exact, top_reasons
from driftgate.evaluation.comparison import Comparison, Finding
from driftgate.evaluation.day_blocks import FEWEST_DAYS
from driftgate.evaluation.disturbance import spread_of, with_noise
from driftgate.evaluation.explanation_report import (
    AttributionBaseline,
    Example,
    Explanation,
    ExplanationScore,
    FeatureAttribution,
)
from driftgate.evaluation.explanation_scores import (
    by_day,
    consistency,
    fidelity,
    local_stability,
    rank_correlations,
    stability,
)
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats
from driftgate.evaluation.report import GateResult, Verdict
from driftgate.explanation_policy import Explain
from driftgate.models import Contributions, Scorer

if TYPE_CHECKING:
    from driftgate.models import Feature

# To explain a row takes as long as 80 scores of trees, and 24 scores for each feature of a network.
TREE_ROWS, NETWORK_ROWS = 200, 100
NEIGHBOUR = 0.1  # standard deviations
LISTED = 20  # features
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of what a feature adds, and of the scores whose rows are examples
# By how much contributions and base may miss the raw score. A network computes in single precision, another batch in
# another order, and a probability near 0 loses digits as log odds.
SUM_ERROR = {"tree_shap": 1e-6, "sampled_shapley": 1e-3}


@dataclass(frozen=True)
class _Explained:
    """One model's explanations of the same rows as the other's."""

    features: "tuple[Feature, ...]"
    matrix: Floats
    baseline: AttributionBaseline
    found: Contributions

    @property
    def names(self) -> list[str]:
        return [feature.name for feature in self.features]

    @property
    def magnitudes(self) -> Floats:
        return np.abs(self.found.values)

    def shares(self) -> dict[str, float]:
        means = self.magnitudes.mean(axis=0)
        total = float(means.sum())
        return {name: float(mean) / total if total else 0.0 for name, mean in zip(self.names, means, strict=True)}


def explained(found: Comparison) -> Finding:
    """Explain the candidate as its use case agreed to; without a level there is nothing to explain."""
    section = found.use_case.explain
    if section is None or section.level not in ("global", "local"):
        return Finding({}, ())
    made = explanation(found, section)
    return Finding({"explanation": made}, explanation_gates(section, made, found))


def explanation(found: Comparison, section: Explain) -> Explanation:
    """Return what the candidate goes by, and why a few rows have their scores."""
    other = found.champion.scorer if found.champion and found.champion.scores is not None else None
    places = _places(found, other)
    own = _explained(found, found.scorer, places)
    champion = None if other is None else _explained(found, other, places)
    days = np.unique(found.held.days[places], return_inverse=True)[1]
    confidence = found.use_case.gates.champion.confidence
    listed = _features(own, champion.shares() if champion else {})
    return Explanation(
        level="local" if section.level == "local" else "global",
        method="tree_shap" if is_exact(found.scorer, own.matrix) else "sampled_shapley",
        baseline=own.baseline,
        baseline_sha256=own.baseline.hash,
        base=rounded(own.found.base),
        rows=len(places),
        top_k=section.top_k,
        sum_error=sum_error(own.found),
        features=listed[:LISTED],
        others=rounded(sum(one.share for one in listed[LISTED:])),
        examples=_examples(own, places, section.top_k) if section.level == "local" else (),
        stability=stability(by_day(own.magnitudes, days), confidence),
        local_stability=_local_stability(found, own, days, confidence) if section.level == "local" else None,
        fidelity=fidelity(own.found, section.top_k, days, confidence),
        consistency=None if champion is None else _consistency(own, champion, days, confidence),
    )


def explanation_gates(section: Explain, made: Explanation, found: Comparison) -> tuple[GateResult, ...]:
    """Hold the lower bound of each measure against its limit; sums are held against theirs whatever the limits are."""
    limits = {
        "stability": (section.min_stability, made.stability, "The rank correlation of features between days"),
        "local_stability": (
            section.min_local_stability if made.local_stability else None,
            made.local_stability,
            "The rank correlation of features between a row and its neighbour",
        ),
        "fidelity": (section.min_fidelity, made.fidelity, f"The share that {made.top_k} features of a row explain"),
        "consistency": (
            section.min_consistency if found.champion else None,
            made.consistency,
            "The rank correlation with the champion's features",
        ),
    }
    measured = (_gate(name, limit, score, what) for name, (limit, score, what) in limits.items() if limit is not None)
    return (_gate_of_sums(made), *measured)


def sum_error(found: Contributions) -> float:
    """Return by how much contributions and base miss the raw score at most, to two digits."""
    return float(f"{np.abs(found.values.sum(axis=1) + found.base - found.raw).max():.1e}")


def _places(found: Comparison, other: Scorer | None) -> npt.NDArray[np.int64]:
    """Return which validation rows are explained: from all over, fewer where a model's contributions are sampled."""
    rows = found.held.table.slice(0, 1)
    exact = all(is_exact(one, one.preprocessing.encode_table(rows)) for one in (found.scorer, other) if one)
    return places_all_over(len(found.held.labels), TREE_ROWS if exact else NETWORK_ROWS)


def _explained(found: Comparison, scorer: Scorer, places: npt.NDArray[np.int64]) -> _Explained:
    matrix = scorer.preprocessing.encode_table(found.held.table.take(places))
    baseline = attribution_baseline(found.use_case, scorer, found.train)
    return _Explained(scorer.preprocessing.features, matrix, baseline, attributions(scorer, matrix, baseline))


def _features(own: _Explained, champions: dict[str, float]) -> tuple[FeatureAttribution, ...]:
    """Return every feature, the one first that moves scores furthest."""
    means, shares = own.magnitudes.mean(axis=0), own.shares()
    made = (
        FeatureAttribution(
            feature=feature.name,
            mean_absolute=rounded(float(means[place])),
            share=rounded(shares[feature.name]),
            champion_share=rounded(champions[feature.name]) if feature.name in champions else None,
            quantiles=tuple(rounded(float(one)) for one in np.quantile(own.found.values[:, place], QUANTILES)),
            direction=_direction(feature, own.matrix[:, place], own.found.values[:, place]),
        )
        for place, feature in enumerate(own.features)
    )
    return tuple(sorted(made, key=lambda one: (-one.mean_absolute, one.feature)))


def _direction(feature: "Feature", values: Floats, added: Floats) -> float | None:
    known = ~np.isnan(values)
    if feature.kind == "categorical" or not known.any() or np.ptp(values[known]) == 0 or np.ptp(added[known]) == 0:
        return None
    return rounded(float(rank_correlations(values[known][None], added[known][None])[0]))


def _examples(own: _Explained, places: npt.NDArray[np.int64], k: int) -> tuple[Example, ...]:
    order = np.argsort(own.found.raw, kind="stable")
    chosen = order[[round(quantile * (len(order) - 1)) for quantile in QUANTILES]]
    return tuple(_example(own, int(place), int(places[place]), k) for place in dict.fromkeys(chosen.tolist()))


def _example(own: _Explained, place: int, row: int, k: int) -> Example:
    added, raw = own.found.values[place], float(own.found.raw[place])
    reasons = top_reasons(own.names, added, k)
    others = float(added.sum()) - sum(one.contribution for one in reasons)
    return Example(row=row, raw=rounded(raw), reasons=reasons, others=rounded(others))


def _consistency(
    own: _Explained, champion: _Explained, days: npt.NDArray[np.int64], confidence: float
) -> ExplanationScore:
    """Compare what both go by; a feature that one of them does not have moves none of its scores."""
    names = sorted({*own.names, *champion.names})
    mine, theirs = (by_day(_columns(one, names), days) for one in (own, champion))
    return consistency(mine, theirs, confidence)


def _local_stability(
    found: Comparison, own: _Explained, days: npt.NDArray[np.int64], confidence: float
) -> ExplanationScore:
    scorer = found.scorer
    spread = spread_of(scorer, scorer.preprocessing.encode_table(found.train))
    neighbours = attributions(scorer, with_noise(scorer, own.matrix, spread, NEIGHBOUR), own.baseline)
    return local_stability(own.found.values, neighbours.values, days, confidence)


def _columns(one: _Explained, names: list[str]) -> Floats:
    found = np.zeros((len(one.matrix), len(names)))
    found[:, [names.index(name) for name in one.names]] = one.magnitudes
    return found


def _gate_of_sums(made: Explanation) -> GateResult:
    limit = SUM_ERROR[made.method]
    passed = made.sum_error <= limit
    return GateResult(
        gate="explanation_sum",
        metric="sum_error",
        value=made.sum_error,
        interval=None,
        threshold=limit,
        verdict="pass" if passed else "fail",
        sentence=(
            f"What the features add misses the raw scores of {made.rows:,} rows by up to {made.sum_error:.1e}, "
            f"{'at most' if passed else 'more than'} the {limit:g} that is allowed."
        ),
    )


def _gate(name: str, limit: float, score: ExplanationScore | None, what: str) -> GateResult:
    bound = score.interval[0] if score and score.interval else None
    verdict: Verdict = "insufficient_data" if bound is None else "pass" if bound >= limit else "fail"
    if score is None:
        told = f"{what} is not known: the champion cannot score these rows."
    elif bound is None:
        told = f"{what} is {score.value:.3f}, of fewer than {FEWEST_DAYS} days, too few to hold against {limit:g}."
    else:
        said = "is at least" if verdict == "pass" else "is less than"
        told = f"{what} is {score.value:.3f}; its lower bound, {bound:.3f}, {said} the {limit:g} that is asked for."
    return GateResult(
        gate=f"explanation_{name}",
        metric=name,
        value=score.value if score else None,
        interval=score.interval if score else None,
        threshold=limit,
        verdict=verdict,
        sentence=told,
    )
