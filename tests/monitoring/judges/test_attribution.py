"""Why the champion answers as it does: the order of its reasons tonight against that of its training."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import ndcg_score

from driftgate import uris
from driftgate.evaluation.explanation_report import (
    AttributionBaseline,
    Explanation,
    ExplanationScore,
    FeatureAttribution,
)
from driftgate.evaluation.feature_baseline import FeatureBaseline, FeatureSummary
from driftgate.evaluation.importance import Importance
from driftgate.lake import lake
from driftgate.models import Contributions, Feature, Preprocessing, Scorer
from driftgate.monitoring import Evidence, RecordedNight, judge, measure
from driftgate.monitoring.judges.attribution import rank_agreement, spearman
from driftgate.monitoring_policy import AttributionDrift
from driftgate.use_cases import UseCase

DAY = "2013-04-01"
NAMES = ("carrier", "dest", "distance_miles", "origin")
TRAINED = (0.6, 0.25, 0.1, 0.05)


class Explained(Scorer):
    """A model whose contributions are the same for every row; None: it tells none."""

    def __init__(self, weights: Sequence[float] | None) -> None:
        kinds = {"distance_miles": "numeric"}
        features = [Feature(name=name, kind=kinds.get(name, "categorical"), categories=()) for name in NAMES]
        self.preprocessing, self.weights = Preprocessing(features=tuple(features)), weights

    def score_matrix(self, matrix: Any) -> Any:
        return 0.5 + np.nan_to_num(matrix[:, NAMES.index("distance_miles")])

    def gains(self) -> None:
        return None

    def contributions(self, matrix: Any) -> Contributions | None:
        if self.weights is None:
            return None
        signs = np.where(np.arange(len(matrix)) % 2, 1.0, -1.0)  # a mean of signed values would be 0
        return Contributions(signs[:, None] * np.array(self.weights), 0.0, np.zeros(len(matrix)))


@pytest.fixture
def judged(use_case: UseCase, nights: Any) -> Callable[..., Evidence]:
    """Judge a night of a model with these contributions tonight, and those importances in its package."""

    def run(
        tonight: Sequence[float] | None, trained: Sequence[float | None] = TRAINED, *, answers: int = 400
    ) -> Evidence:
        nights.model("1")
        summaries = {
            name: FeatureSummary(
                kind="categorical",
                null_rate=0.0,
                distinct=None,
                importance=Importance(gain=None, permutation=0.1, shap=share),
                sensitivity=0.0,
                tier="important",
            )
            for name, share in zip(NAMES, trained, strict=True)
        }
        made = FeatureBaseline(
            use_case=use_case.name,
            training_rows=900,
            sampled_rows=300,
            seed=7,
            decision_threshold=0.2,
            features=summaries,
            correlations={},
            strong_pairs=(),
        )
        lake().write(f"{uris.package(use_case.name, '1')}/feature_baseline.json", made.canonical())
        nights.answer(DAY, nights.rows(DAY)[:answers])
        limits = use_case.monitor.model_copy(update={"attribution": AttributionDrift(min_agreement=0.9)})
        night = RecordedNight(use_case.model_copy(update={"monitor": limits}), DAY)
        night.scorer_of = lambda version: Explained(tonight)  # type: ignore[method-assign]
        return judge(night, "attribution")

    return run


def test_the_same_reasons_are_the_same_order(judged: Callable[..., Evidence]) -> None:
    found = judged([6, 2.5, 1, 0.5])
    assert (found.verdict, found.value, found.severity, found.features) == ("ok", 1.0, None, ())
    assert found.sample_size == 300
    shares = {one.feature: (one.value, one.reference) for one in found.statistics if one.name == "mean_shap_share"}
    assert shares == {name: (share, share) for name, share in zip(NAMES, TRAINED, strict=True)}


@pytest.mark.parametrize(
    ("tonight", "severity", "moved"),
    [
        ([0.5, 0.3, 0.05, 0.15], None, None),  # the two least trade places
        ([0.3, 0.5, 0.1, 0.1], "minor", "carrier"),
        ([0.1, 0.2, 0.3, 0.4], "major", "carrier"),  # turned round
    ],
)
def test_other_reasons_are_a_drift(
    judged: Callable[..., Evidence], tonight: list[float], severity: str | None, moved: str | None
) -> None:
    found = judged(tonight)
    assert (found.severity, found.verdict) == (severity, "drift" if severity else "ok")
    assert found.features[:1] == ((moved,) if moved else ())
    if moved:
        assert f"{moved} moved most, from 60.0% to" in found.sentence


@pytest.mark.parametrize(("trained", "verdict"), [((0.1, 0.1, 0.8, 0.0), "ok"), ((0.8, 0.2, 0.0, 0.0), "drift")])
def test_what_tells_no_contributions_is_sampled_against_what_its_evaluation_sampled(
    judged: Callable[..., Evidence], use_case: UseCase, trained: tuple[float, ...], verdict: str
) -> None:
    """Tonight only the distance moves its answers."""
    made = explanation(trained)
    lake().write(f"{uris.package(use_case.name, '1')}/explain.json", made.canonical())
    found = judged(None, [None] * 4)
    shares = {one.feature: (one.value, one.reference) for one in found.statistics if one.name == "mean_shap_share"}
    tonight = {name: float(name == "distance_miles") for name in NAMES}
    assert shares == {name: (tonight[name], share) for name, share in zip(NAMES, trained, strict=True)}
    assert (found.verdict, found.sample_size) == (verdict, 100)


def explanation(shares: Sequence[float]) -> Explanation:
    """What an evaluation found of a model whose contributions are sampled."""
    score = ExplanationScore(value=1.0, interval=None)
    baseline = AttributionBaseline(kind="training_mean", log_odds=False, values=(None, None, 0.0, None))
    features = tuple(
        FeatureAttribution(
            feature=name, mean_absolute=share, share=share, champion_share=None, quantiles=(), direction=None
        )
        for name, share in zip(NAMES, shares, strict=True)
    )
    return Explanation(
        level="global",
        method="sampled_shapley",
        baseline=baseline,
        baseline_sha256=baseline.hash,
        base=0.5,
        rows=100,
        top_k=3,
        sum_error=0.0,
        features=features,
        others=0.0,
        examples=(),
        stability=score,
        local_stability=None,
        fidelity=score,
        consistency=None,
    )


def test_it_agrees_with_scikit_learn_and_scipy() -> None:
    random = np.random.default_rng(3)
    for _ in range(50):
        trained, tonight = random.dirichlet(np.ones(9)), random.dirichlet(np.ones(9))
        assert rank_agreement(trained, tonight) == pytest.approx(ndcg_score([trained], [tonight]))
        tonight[:4] = 0.0  # features that no tree uses
        assert spearman(trained, tonight) == pytest.approx(stats.spearmanr(trained, tonight)[0])


def test_a_model_that_nothing_matters_to_agrees_with_itself() -> None:
    nothing = np.zeros(4)
    assert (rank_agreement(nothing, nothing), spearman(nothing, nothing)) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("tonight", "trained", "answers", "sentence"),
    [
        ([1, 1, 1, 1], [None] * 4, 400, "Model 1 tells no contributions of its features, and its package has no expl"),
        (None, TRAINED, 400, "The champion tells no contributions"),  # though its package says that it did
        ([1, 1, 1, 1], TRAINED, 50, "50 answers on 2013-04-01 are fewer than the 100"),
    ],
)
def test_what_cannot_be_judged(
    judged: Callable[..., Evidence], tonight: Any, trained: Any, answers: int, sentence: str
) -> None:
    found = judged(tonight, trained, answers=answers)
    assert (found.verdict, found.champion) == ("insufficient", "1")
    assert sentence in found.sentence


def test_a_package_without_importances_cannot_be_judged(use_case: UseCase, nights: Any) -> None:
    nights.model("1")
    nights.answer(DAY, nights.rows(DAY)[:400])
    found = measure(use_case, DAY, "attribution")
    assert found.verdict == "insufficient"
    assert "has no feature_baseline.json" in found.sentence
