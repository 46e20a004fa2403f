"""A planted strong feature is found, a useless one is not, a twin is named; the same rows give the same bytes."""

import json
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftgate.errors import ConfigError
from driftgate.evaluation.correlation import correlations
from driftgate.evaluation.feature_baseline import FeatureBaseline, feature_baseline, read_feature_baseline
from driftgate.evaluation.importance import Importance, Sample, importances
from driftgate.evaluation.metrics import metric
from driftgate.evaluation.perturbation import answer_sensitivities, decision_sensitivities
from driftgate.evaluation.tiers import tiers
from driftgate.models import Preprocessing, Scorer
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.profiles import profile_table
from driftgate.use_cases import UseCase, load_use_case

FEATURES = ["strong", "twin", "weak", "useless", "constant", "word"]


def made_of(rows: int, seed: int) -> pa.Table:
    random = np.random.default_rng(seed)
    strong, weak = random.normal(size=(2, rows))
    word = random.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    odds = 3 * strong + 0.5 * weak + 0.8 * (word == "b") - 1
    return pa.table(
        {
            "strong": pa.array(strong, mask=random.uniform(size=rows) < 0.1),
            "twin": strong + 0.01 * random.normal(size=rows),
            "weak": weak,
            "useless": random.normal(size=rows),
            "constant": pa.array([3] * rows, pa.int32()),
            "word": pa.array(word),
            "label": pa.array(random.uniform(size=rows) < 1 / (1 + np.exp(-odds))),
        }
    )


@pytest.fixture(scope="module")
def train() -> pa.Table:
    return made_of(3000, 1)


@pytest.fixture(scope="module")
def validation() -> pa.Table:
    return made_of(1500, 2)


def trained(train: pa.Table, features: list[str], rounds: int = 40) -> Scorer:
    preprocessing = Preprocessing.fit(train, features)
    matrix = lightgbm.Dataset(
        preprocessing.encode_table(train),
        train.column("label").to_numpy(zero_copy_only=False),
        feature_name=preprocessing.names,
        categorical_feature=preprocessing.categorical,
    )
    parameters = {"objective": "binary", "num_leaves": 7, "verbose": -1, "num_threads": 1, "deterministic": True}
    return LightgbmScorer.load(lightgbm.train(parameters, matrix, rounds).model_to_string(), preprocessing)


@pytest.fixture(scope="module")
def scorer(train: pa.Table) -> Scorer:
    return trained(train, [name for name in FEATURES if name != "twin"])


@pytest.fixture(scope="module")
def found(use_case: UseCase, scorer: Scorer, train: pa.Table, validation: pa.Table) -> FeatureBaseline:
    return feature_baseline(
        use_case, scorer, train, validation, profile_table(train, columns=scorer.preprocessing.names)
    )


def test_a_planted_feature_is_critical_and_a_useless_one_is_not(found: FeatureBaseline) -> None:
    name, strong = found.ranked[0]
    assert (name, strong.tier) == ("strong", "critical")
    assert strong.importance.permutation > 0.8
    assert strong.sensitivity > found.features["useless"].sensitivity
    for name in ("useless", "constant"):
        assert found.features[name].importance.share < 0.05
        assert found.features[name].tier == "informational"


def test_what_the_model_never_splits_on_is_worth_exactly_nothing(found: FeatureBaseline) -> None:
    constant = found.features["constant"]
    assert constant.importance == Importance(gain=0.0, permutation=0.0, shap=0.0)
    assert constant.sensitivity == 0


class Untold(LightgbmScorer):
    """The same scores from a model that tells neither gains nor contributions, as a network."""

    def gains(self) -> None:  # type: ignore[override]  # a network is no LightgbmScorer
        return None

    def contributions(self, matrix: object) -> None:  # type: ignore[override]
        return None


def test_of_a_model_that_tells_nothing_only_permutation_is_known(
    use_case: UseCase, scorer: LightgbmScorer, train: pa.Table, validation: pa.Table, found: FeatureBaseline
) -> None:
    names = scorer.preprocessing.names
    profile = profile_table(train, columns=names)
    untold = Untold(scorer._booster, scorer.preprocessing)
    measured = feature_baseline(use_case, untold, train, validation, profile)
    strong = measured.features["strong"].importance
    assert (strong.gain, strong.shap) == (None, None)
    assert (
        strong.share == strong.permutation == pytest.approx(found.features["strong"].importance.permutation, abs=0.05)
    )
    assert sum(measured.features[name].importance.share for name in names) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("measure", ["gain", "permutation", "shap", "share"])
def test_the_shares_of_every_measure_add_up(found: FeatureBaseline, measure: str) -> None:
    shares = [getattr(item.importance, measure) for item in found.features.values()]
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    assert min(shares) >= 0


def test_the_values_are_those_of_the_profile(found: FeatureBaseline, train: pa.Table) -> None:
    strong, word, constant = (found.features[name] for name in ("strong", "word", "constant"))
    known = train.column("strong").drop_null().to_numpy()
    assert strong.null_rate == pytest.approx(train.column("strong").null_count / 3000, abs=1e-6)
    assert (strong.minimum, strong.maximum) == (known.min(), known.max())
    assert strong.quantiles["p50"] == pytest.approx(np.median(known), abs=0.02)
    assert list(strong.quantiles) == ["p01", "p05", "p25", "p50", "p75", "p95", "p99"]
    assert strong.histogram_shares == pytest.approx(
        np.histogram(known, strong.histogram_edges)[0] / len(known), abs=0.01
    )
    assert (word.kind, word.distinct, word.quantiles, word.histogram_edges) == ("categorical", 3, {}, ())
    assert (constant.histogram_edges, constant.histogram_shares) == ((3.0,), ())


def test_twins_are_named_and_share_what_they_say(use_case: UseCase, train: pa.Table, validation: pa.Table) -> None:
    scorer = trained(train, FEATURES)
    profile = profile_table(train, columns=FEATURES)
    found = feature_baseline(use_case, scorer, train, validation, profile)
    [pair] = found.strong_pairs
    assert (pair.first, pair.second) == ("strong", "twin")
    assert pair.spearman > 0.99
    assert found.correlations["weak"] == {"useless": pytest.approx(0, abs=0.06)}, "a constant correlates with nothing"


def test_the_same_rows_give_the_same_bytes_and_another_seed_others(
    use_case: UseCase, scorer: Scorer, train: pa.Table, validation: pa.Table, found: FeatureBaseline
) -> None:
    profile = profile_table(train, columns=scorer.preprocessing.names)
    assert feature_baseline(use_case, scorer, train, validation, profile).canonical() == found.canonical()
    other = use_case.model_copy(update={"train": use_case.train.model_copy(update={"seed": 8})})
    assert feature_baseline(other, scorer, train, validation, profile).canonical() != found.canonical()


def test_more_rows_than_are_needed_are_sampled(
    use_case: UseCase, scorer: Scorer, train: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftgate.evaluation.feature_baseline.SAMPLE_ROWS", 500)
    profile = profile_table(train, columns=scorer.preprocessing.names)
    found = feature_baseline(use_case, scorer, train, made_of(2000, 5), profile)
    assert (found.sampled_rows, found.training_rows) == (500, 3000)
    assert found.features["strong"].tier == "critical"


def test_a_class_too_rare_for_the_sample_takes_all_rows(
    use_case: UseCase, scorer: Scorer, train: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("driftgate.evaluation.feature_baseline.SAMPLE_ROWS", 10)
    rows = made_of(400, 6)
    rare = rows.set_column(rows.column_names.index("label"), "label", pa.array([place == 399 for place in range(400)]))
    found = feature_baseline(use_case, scorer, train, rare, profile_table(train, columns=scorer.preprocessing.names))
    assert found.sampled_rows == 400


def test_a_model_that_says_the_same_to_everyone_has_nothing_important(
    use_case: UseCase, train: pa.Table, validation: pa.Table
) -> None:
    scorer = trained(train.select(["constant", "label"]), ["constant"], rounds=1)
    found = feature_baseline(use_case, scorer, train, validation, profile_table(train, columns=["constant"]))
    assert found.features["constant"].importance.share == 0
    assert found.features["constant"].tier == "informational"


def test_a_word_moves_to_the_next_most_frequent_one_and_the_rarest_to_the_first(train: pa.Table) -> None:
    from driftgate.evaluation.perturbation import _next_most_frequent

    column = profile_table(train, columns=["word"]).columns["word"]
    moved = _next_most_frequent(
        ("a", "b", "c"), np.array([0.0, 1.0, 2.0, np.nan]), column
    )  # a, b, c: from most to least
    np.testing.assert_array_equal(moved, [1.0, 2.0, 0.0, np.nan])
    moved = _next_most_frequent(("b", "c", "a"), np.array([0.0, 1.0, 2.0]), column)
    np.testing.assert_array_equal(moved, [1.0, 2.0, 0.0])


def test_sensitivity_is_the_share_of_near_rows_that_turn(scorer: Scorer, train: pa.Table) -> None:
    matrix = scorer.preprocessing.encode_table(train)
    columns = profile_table(train, columns=scorer.preprocessing.names).columns
    never = decision_sensitivities(scorer, matrix, columns, threshold=2.0)  # no score can pass it
    assert set(never.values()) == {0.0}
    assert decision_sensitivities(scorer, matrix, columns, threshold=0.3)["strong"] > 0.1


def test_in_a_regression_it_is_the_share_of_answers_that_move_by_more_than_is_noticed(
    scorer: Scorer, train: pa.Table
) -> None:
    matrix = scorer.preprocessing.encode_table(train)
    columns = profile_table(train, columns=scorer.preprocessing.names).columns
    found = answer_sensitivities(scorer, matrix, columns, tolerance=0.02)
    assert found["strong"] > 0.1 > found["useless"]
    assert set(answer_sensitivities(scorer, matrix, columns, tolerance=2.0).values()) == {0.0}


def test_chance_below_zero_is_no_importance(train: pa.Table) -> None:
    scorer = trained(train, ["useless", "strong"])
    rows = made_of(300, 9)
    sample = Sample(scorer.preprocessing.encode_table(rows), rows.column("label").to_numpy(zero_copy_only=False))
    found = importances(scorer, sample, metric("auc"), np.random.default_rng(0))
    assert all(item.permutation >= 0 for item in found.values())


def test_correlation_is_of_ranks_over_rows_with_both_values() -> None:
    up = list(range(40))
    table = pa.table(
        {"a": up, "b": [value**3 for value in up], "c": [-value for value in up], "d": [None] * 20 + up[:20]}
    )
    found = correlations(table, ["a", "b", "c", "d"])
    assert found["a"] == {"b": 1.0, "c": -1.0}, "of d too few rows are known"
    assert correlations(table, ["a"]) == {}
    assert correlations(table, []) == {}


def with_tiers(use_case: UseCase, **chosen: Any) -> UseCase:
    return use_case.model_copy(update={"monitor": use_case.monitor.model_copy(update={"tiers": chosen})})


def test_the_policy(use_case: UseCase) -> None:
    shares = {"a": 0.5, "b": 0.1, "c": 0.09, "d": 0.09, "e": 0.09, "f": 0.08, "g": 0.05, "h": 0.0}
    still = dict.fromkeys(shares, 0.0)
    assert tiers(use_case, shares, still) == {
        "a": "critical", "b": "critical", "c": "important", "d": "important", "e": "important", "f": "important",
        "g": "informational", "h": "informational",
    }  # fmt: skip
    assert tiers(use_case, shares, {**still, "h": 0.2})["h"] == "critical", "it turns every fifth close decision"


def test_the_use_case_overrules_the_policy_for_single_features(use_case: UseCase) -> None:
    chosen = with_tiers(use_case, b="critical")
    assert tiers(chosen, {"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 0.0}) == {"a": "critical", "b": "critical"}


def test_an_override_of_no_feature_names_the_nearest(use_case: UseCase) -> None:
    with pytest.raises(ConfigError, match=r"use_case.yaml: 'monitor.tiers' names 'distnce', .*did you mean 'distance'"):
        tiers(with_tiers(use_case, distnce="critical"), {"distance": 1.0}, {"distance": 0.0})


def test_making_all_features_equal_is_refused(use_case: UseCase) -> None:
    equal = with_tiers(use_case, a="important", b="important")
    with pytest.raises(ConfigError, match="makes all 2 features important, which tells none apart"):
        tiers(equal, {"a": 0.9, "b": 0.1}, {"a": 0.0, "b": 0.0})


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_critical_and_important_bring_nine_tenths_together(weights: list[float]) -> None:
    total = sum(weights)
    shares = {f"f{place:02}": weight / total if total else 0.0 for place, weight in enumerate(weights)}
    found = tiers(load_use_case("flight_delays"), shares, dict.fromkeys(shares, 0.0))
    brought = sum(share for name, share in shares.items() if found[name] != "informational")
    assert brought >= min(0.9, sum(shares.values())) - 1e-9


def test_the_golden_record_is_written_and_read_unchanged() -> None:
    golden = (
        '{"answer_tolerance":null,"correlations":{"a":{"b":0.9}},"decision_threshold":0.181818,"features":{"a":{"distinct":3,"histogram_edges":'
        '[0.0,1.0],"histogram_shares":[1.0],"importance":{"gain":0.5,"permutation":0.25,"shap":0.75},"kind":"numeric",'
        '"maximum":1.0,"minimum":0.0,"null_rate":0.1,"quantiles":{"p50":0.5},"sensitivity":0.2,"tier":"critical"}},'
        '"sampled_rows":10,"schema_version":1,"seed":7,"strong_pairs":[{"first":"a","second":"b","spearman":0.9}],'
        '"training_rows":20,"use_case":"flight_delays"}'
    )
    record = read_feature_baseline(golden.encode(), "golden")
    assert record.canonical().decode() == golden
    assert record.features["a"].importance.share == 0.5
    assert FeatureBaseline.model_validate(json.loads(golden)) == record


def test_a_record_of_another_shape_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"feature_baseline\.json: key 'use_case' is missing"):
        read_feature_baseline(b"{}", "feature_baseline.json")
