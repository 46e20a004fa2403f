"""The attribution monitor: whether the champion still answers for the reasons that it had when it was made.

Tonight's mean absolute SHAP value of each feature is held against that of the package's validation rows. Trees tell
theirs; a network's are sampled, as when it was evaluated, which is in ``explain.json``. What counts is the order: the
normalised discounted cumulative gain of tonight's ranking, with the shares of training as gains, which forgives a
change of places far down. 1 is the same order.

:see: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html
"""

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from driftgate.errors import CannotJudge
from driftgate.evaluation.all_over import places_all_over
from driftgate.evaluation.attribution import attributions
from driftgate.evaluation.explanation import NETWORK_ROWS
from driftgate.evaluation.explanation_report import AttributionBaseline, Explanation
from driftgate.evaluation.explanation_scores import rank_correlations
from driftgate.evaluation.feature_baseline import read_feature_baseline
from driftgate.evaluation.gates import rounded
from driftgate.evaluation.metrics import Floats
from driftgate.monitoring.evidence import Evidence, Statistic
from driftgate.monitoring.night import Night
from driftgate.records import parse_record
from driftgate.registry.package import EXPLANATION, FEATURE_BASELINE

if TYPE_CHECKING:
    import pyarrow as pa

    from driftgate.models import Scorer

NDCG = "ndcg"
ROWS = 300  # of a night that are explained: as many as the package's importances rest on; of a network NETWORK_ROWS
MOST_TOLD = 3
FAR = 2  # times as far from 1 as the limit


class Trained(NamedTuple):
    """Each feature's share of what moved the scores of the validation rows; ``against`` what a network's were taken."""

    shares: dict[str, float]
    against: AttributionBaseline | None = None


def judge_attribution(night: Night) -> Evidence:
    """Judge whether the ranking of the champion's features has changed.

    :raises CannotJudge: there are too few answers, or the model or its package tells no contributions
    """
    champion, limit = night.served, night.use_case.monitor.attribution.min_agreement
    before, against = _trained(night)
    rows = _sampled(night, ROWS if against is None else NETWORK_ROWS)
    names, trained = list(before), np.array(list(before.values()))
    tonight = _shares(night.scorer_of(champion), names, rows, against)
    agreement = rounded(rank_agreement(trained, tonight))
    drifts, moved = agreement < limit, [names[place] for place in np.argsort(-np.abs(tonight - trained), kind="stable")]
    decided = Statistic(name=NDCG, value=agreement, threshold=limit, reference=1.0)
    return night.found(
        "attribution",
        decided,
        _sentence(night, agreement, moved[0], dict(zip(names, tonight, strict=True)), before),
        drifts=drifts,
        severity="major" if 1 - agreement > FAR * (1 - limit) else "minor",
        sample_size=rows.num_rows,
        features=moved[:MOST_TOLD] if drifts else (),
        statistics=[
            decided,
            Statistic(name="spearman", value=rounded(spearman(trained, tonight)), reference=1.0),
            *(
                Statistic(name="mean_shap_share", feature=name, value=rounded(float(share)), reference=before[name])
                for name, share in zip(names, tonight, strict=True)
            ),
        ],
    )


def rank_agreement(trained: Floats, tonight: Floats) -> float:
    """Return the nDCG of tonight's ranking of the features, with their shares in training as gains."""
    discount = 1 / np.log2(np.arange(2, len(trained) + 2))
    ideal = float(np.sort(trained)[::-1] @ discount)
    return float(trained[np.argsort(-tonight, kind="stable")] @ discount) / ideal if ideal else 1.0


def spearman(trained: Floats, tonight: Floats) -> float:
    """Return Spearman's rank correlation (1904), 0 where all features of either are alike."""
    return float(rank_correlations(trained[None], tonight[None])[0])


def _trained(night: Night) -> Trained:
    """Return what the features did to the scores of the validation rows."""
    champion = night.served
    data = night.package_file(champion, FEATURE_BASELINE)
    if data is None:
        raise CannotJudge(f"The package of model {champion} has no {FEATURE_BASELINE}; register the model again.")
    found = read_feature_baseline(data, f"model {champion}/{FEATURE_BASELINE}").features
    told = {name: item.importance.shap for name, item in found.items() if item.importance.shap is not None}
    if told:
        return Trained(told)
    explained = night.package_file(champion, EXPLANATION)
    if explained is None:
        raise CannotJudge(
            f"Model {champion} tells no contributions of its features, and its package has no {EXPLANATION} to sample "
            "them by; with 'explain.level' in use_case.yaml the next model's has."
        )
    made = parse_record(json.loads(explained), Explanation, where=f"model {champion}/{EXPLANATION}")
    return Trained({one.feature: one.share for one in made.features}, made.baseline)


def _sampled(night: Night, most: int) -> "pa.Table":
    """Return the features of at most ``most`` answers from all over the day, always the same ones."""
    wanted, rows = night.use_case.monitor.attribution.min_rows, night.answers.num_rows
    if rows < wanted:
        raise CannotJudge(f"{rows} answers on {night.key} are fewer than the {wanted} that attribution drift needs.")
    return night.features.take(places_all_over(rows, most))


def _shares(scorer: "Scorer", names: list[str], rows: "pa.Table", against: AttributionBaseline | None) -> Floats:
    matrix = scorer.preprocessing.encode_table(rows)
    found = scorer.contributions(matrix) if against is None else attributions(scorer, matrix, against)
    if found is None:
        raise CannotJudge("The champion tells no contributions of its features.")
    amounts = dict(zip(scorer.preprocessing.names, np.abs(found.values).mean(axis=0), strict=True))
    ordered = np.array([amounts[name] for name in names])
    return ordered / ordered.sum() if ordered.sum() else ordered


def _sentence(night: Night, agreement: float, moved: str, tonight: dict[str, float], before: dict[str, float]) -> str:
    limit = night.use_case.monitor.attribution.min_agreement
    told = "below" if agreement < limit else "not below"
    return (
        f"The order in which features matter to model {night.served} agrees with that of its training to "
        f"{agreement:.3f} (nDCG; 1 is the same), {told} the limit {limit:g}; {moved} moved most, from "
        f"{before[moved]:.1%} to {tonight[moved]:.1%} of all contributions."
    )
