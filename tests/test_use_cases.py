"""Use cases are parsed once into frozen words; a wrong file is a sentence a person can act on."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftgate.errors import ConfigError
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case, use_case_names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a use case ``flight_delays`` in a project of this test's own."""
    target = tmp_path / "include" / "use_cases" / "flight_delays"
    shutil.copytree(project_root() / "include" / "use_cases" / "flight_delays", target)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    return target


def change(folder: Path, *path: str, **values: Any) -> None:
    """Set keys in the section at ``path`` of the file; a value of None removes the key."""
    file = folder / "use_case.yaml"
    raw = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
    section = raw
    for name in path:
        section = section[name]
    for key, value in values.items():
        section[key] = value
        if value is None:
            del section[key]
    file.write_text(yaml.safe_dump(raw))


def sentence() -> str:
    with pytest.raises(ConfigError) as caught:
        load_use_case("flight_delays")
    assert "use_cases/flight_delays/use_case.yaml" in str(caught.value)
    return str(caught.value)


def test_the_shipped_use_case_parses() -> None:
    use_case = load_use_case("flight_delays")
    assert use_case.datasets == ("flights", "weather", "planes")
    assert use_case.retrain.on == ("payoff",)
    assert use_case.promote.steps_percent[-1] == 100
    assert "select" in use_case.features_sql.lower()


def test_it_is_frozen_and_depends_on_its_content_only() -> None:
    assert load_use_case("flight_delays").hash == load_use_case("flight_delays").hash


def test_an_unknown_name_gets_the_nearest_one() -> None:
    with pytest.raises(ConfigError) as caught:
        load_use_case("flight_delay")
    for telling in ("no use case 'flight_delay'", "did you mean 'flight_delays'?", "Known: air_time, flight_delays"):
        assert telling in str(caught.value)


@pytest.mark.parametrize("name", ["", "../use_cases/flight_delays", "."])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(ConfigError, match="There is no use case"):
        load_use_case(name)


def test_an_edited_file_is_read_again(folder: Path) -> None:
    before = load_use_case("flight_delays")
    change(folder, question="Another question?")
    assert load_use_case("flight_delays").question == "Another question?" != before.question


def test_a_folder_without_a_file_is_no_use_case(folder: Path) -> None:
    (folder / "use_case.yaml").unlink()
    assert use_case_names() == []


def test_the_name_must_be_that_of_the_folder(folder: Path) -> None:
    change(folder, name="delays")
    assert "key 'name' is 'delays' but the folder is 'flight_delays'; make them equal" in sentence()


def test_a_missing_owner_is_named(folder: Path) -> None:
    change(folder, owner=None)
    assert "key 'owner' is missing; add it" in sentence()


def test_an_owner_without_a_contact_is_named(folder: Path) -> None:
    change(folder, "owner", contact=None)
    assert "key 'owner.contact' is missing; add it" in sentence()


@pytest.mark.parametrize("steps", [[], [100, 50], [5, 5, 100], [5, 50]])
def test_canary_steps_must_rise_to_a_hundred(folder: Path, steps: list[int]) -> None:
    change(folder, "promote", steps_percent=steps)
    assert f"steps_percent must rise and end at 100, for example [5, 25, 50, 100], got {steps}" in sentence()


@pytest.mark.parametrize(
    ("path", "values", "telling"),
    [
        ((), {"problm": "binary"}, "unknown key 'problm'; did you mean 'problem'?"),
        (
            ("retrain",),
            {"on": ["performace"]},
            "cannot be 'performace'; did you mean 'performance'? Known: agreement, attribution, bias",
        ),
        (("train",), {"trainer": "lightbgm"}, "'train.trainer' cannot be 'lightbgm'; did you mean 'lightgbm'?"),
        (("train",), {"window_days": 0}, "key 'train.window_days': Input should be greater than 0"),
        (("promote",), {"approve": "alway"}, "'promote.approve' cannot be 'alway'; did you mean 'always'?"),
        (("promote",), {"strategy": "blue_green"}, "key 'promote': the strategy blue_green has no steps; leave out"),
        (("promote",), {"steps_percent": [0, 100]}, "key 'promote.steps_percent.0': Input should be greater than 0"),
        (("monitor", "performance"), {"confidence": 0.5}, "'monitor.performance.confidence': Input should be greater"),
        (("metric",), {"primary": "accuracy"}, "'metric.primary': accuracy is high for a model that never says yes"),
        (
            ("metric",),
            {"composite": {"weights": {"auc": 0.7, "log_loss": 0.2}, "rationale": "So."}},
            "'metric.composite': weights must sum to 1, got 0.9",
        ),
        (("gates", "training_data"), {"max_flipped": 0.5}, "'gates.training_data.max_flipped': Input should be less"),
        (("metric",), {"composite": {"weights": {"auc": 1}}}, "'metric.composite.rationale' is missing"),
        (("gates", "champion"), {"margin": -1}, "key 'gates.champion.margin': Input should be greater than or equal"),
        (("label",), {"known_after_days": "soon"}, "key 'label.known_after_days': Input should be a valid integer"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(
    folder: Path, path: tuple[str, ...], values: dict[str, Any], telling: str
) -> None:
    change(folder, *path, **values)
    assert telling in sentence()


def test_a_policy_that_can_never_fire_is_refused(folder: Path) -> None:
    change(folder, "retrain", nights="4", of_last="3")
    assert "key 'retrain': nights must not exceed of_last, got 4 of the last 3" in sentence()


def test_a_window_without_training_days_is_refused(folder: Path) -> None:
    change(folder, "train", window_days="14")
    assert "key 'train': validation_days must be below window_days" in sentence()


REGRESSION = {
    (): {"problem": "regression", "fairness": None},
    ("label",): {"expression": "air_time_minutes", "unit": "minutes"},
    ("metric",): {"primary": "rmse", "costs_usd": {"over": 1, "under": 2}},
    ("train",): {"baselines": ["rule", "linear"], "max_single_feature_auc": None},
    ("promote", "guardrails"): {"max_log_loss_increase": None, "max_mae_increase": 1, "max_alarm_rate_shift": None},
    ("monitor", "performance"): {"max_auc_drop": None, "max_increase": 1},
}


def ask_how_much(folder: Path) -> None:
    """Make a regression of the binary use case."""
    for path, values in REGRESSION.items():
        change(folder, *path, **values)
    change(folder, "gates", training_data=None)
    change(folder, review=None)


def test_alarms_are_watched_of_groups_that_are_named(folder: Path) -> None:
    change(folder, fairness=None)
    change(folder, "promote", "guardrails", max_alarm_rate_shift=0.1)
    assert "'promote.guardrails.max_alarm_rate_shift' is of the groups of 'fairness.facets'; name them" in sentence()


def test_a_control_needs_a_rule_to_answer_it(folder: Path) -> None:
    change(folder, "promote", control_share=5)
    assert load_use_case("flight_delays").promote.control_share == 5
    change(folder, "serve", fallback="none")
    assert "'promote.control_share' gives requests to the rule in the champion's package" in sentence()


def test_a_regression_parses(folder: Path) -> None:
    ask_how_much(folder)
    use_case = load_use_case("flight_delays")
    assert (use_case.problem, use_case.metric.primary, use_case.label.unit) == ("regression", "rmse", "minutes")
    assert use_case.promote.guardrails.max_loss_increase == 1
    assert use_case.monitor.performance.tolerance == 1


@pytest.mark.parametrize(
    ("path", "values", "telling"),
    [
        ((), {"problem": "binary"}, "'metric.primary' 'rmse' is no metric of a binary problem; use auc"),
        (("metric",), {"primary": "auc"}, "the primary metric 'auc', costs_usd has the keys false_alarm and missed"),
        (("metric",), {"primary": "rsme"}, "'metric.primary' cannot be 'rsme'; did you mean 'rmse'?"),
        (("metric",), {"costs_usd": {"false_alarm": 1, "missed": 2}}, "'rmse', costs_usd has the keys over and under"),
        (("metric",), {"costs_usd": {"over": 1}}, "key 'metric.costs_usd.under' is missing; add it"),
        (("metric",), {"costs_usd": {"over": 1, "under": -2}}, "key 'metric.costs_usd.under': Input should be greater"),
        (("label",), {"unit": None}, "key 'label.unit' is missing, which a regression problem needs; add it"),
        (("train",), {"baselines": ["rule", "logistic"]}, "names 'logistic', which is none of a regression problem"),
        (("train",), {"max_single_feature_auc": 0.9}, "'train.max_single_feature_auc' has no meaning in a regression"),
        (
            ("gates",),
            {"training_data": {"max_flipped": 0.1}},
            "'gates.training_data.max_flipped' has no meaning in a reg",
        ),
        (
            ("promote", "guardrails"),
            {"max_log_loss_increase": 0.1},
            "'promote.guardrails.max_log_loss_increase' has no meaning in a regression problem; leave it out",
        ),
        (
            ("promote", "guardrails"),
            {"max_alarm_rate_shift": 0.1},
            "'promote.guardrails.max_alarm_rate_shift' has no meaning in a regression problem; leave it out",
        ),
        (("promote", "guardrails"), {"max_mae_increase": None}, "key 'promote.guardrails.max_mae_increase' is missing"),
        (("monitor", "performance"), {"max_increase": None}, "key 'monitor.performance.max_increase' is missing"),
        (("monitor", "performance"), {"max_increase": -1}, "'monitor.performance.max_increase': Input should be gr"),
    ],
)
def test_what_does_not_fit_the_problem_is_a_sentence(
    folder: Path, path: tuple[str, ...], values: dict[str, Any], telling: str
) -> None:
    ask_how_much(folder)
    change(folder, *path, **values)
    assert telling in sentence()


@pytest.mark.parametrize(
    ("path", "values", "telling"),
    [
        (("label",), {"unit": "minutes"}, "'label.unit' has no meaning in a binary problem; leave it out"),
        (
            ("train",),
            {"baselines": ["linear"]},
            "names 'linear', which is none of a binary problem",
        ),
        (
            ("monitor", "performance"),
            {"max_auc_drop": None},
            "key 'monitor.performance.max_auc_drop' is missing",
        ),
        (("metric",), {"costs_usd": {"false_alarm": 1, "mised": 2}}, "unknown key 'metric.costs_usd.mised'"),
    ],
)
def test_what_does_not_fit_a_binary_problem_is_a_sentence(
    folder: Path, path: tuple[str, ...], values: dict[str, Any], telling: str
) -> None:
    change(folder, *path, **values)
    assert telling in sentence()


@pytest.mark.parametrize("key", ["datasets", "request_key"])
def test_an_empty_list_of_names_is_refused(folder: Path, key: str) -> None:
    change(folder, **{key: []})
    assert f"key '{key}': Tuple should have at least 1 item" in sentence()


@pytest.mark.parametrize("split", ["random", {"by": "random"}, "Time"])
def test_a_split_that_is_not_by_time_is_refused(folder: Path, split: Any) -> None:
    change(folder, "train", split=split)

    said = sentence()
    assert f"key 'train.split': {split!r} is refused: every request has an event_time" in said
    assert "leave the key out" in said


def test_a_split_by_time_may_be_said(folder: Path) -> None:
    change(folder, "train", split="time")

    assert load_use_case("flight_delays").train.split == "time"


def test_a_model_that_a_person_can_read_is_no_forest(folder: Path) -> None:
    change(folder, "explain", level="intrinsic")
    assert "'explain.level' intrinsic forbids the trainer 'lightgbm', whose models no person can read" in sentence()


def test_a_regression_has_no_class_to_explain_against(folder: Path) -> None:
    ask_how_much(folder)
    change(folder, "explain", baseline="positive_class")
    assert "'explain.baseline' 'positive_class' has no meaning in a regression; use training_mean" in sentence()


def test_noise_of_nothing_is_refused(folder: Path) -> None:
    change(folder, "gates", "robustness", at_noise=0)
    assert "key 'gates.robustness.at_noise': Input should be greater than 0" in sentence()


def test_agreement_is_no_cause_where_nobody_looks_at_answers(folder: Path) -> None:
    rule = {"name": "people_say_retrain", "drift": "agreement", "decision": "retrain"}
    change(folder, "retrain", on=["agreement"], rules=[rule])
    assert load_use_case("flight_delays").retrain.on == ("agreement",)
    change(folder, review=None)
    assert "'retrain.on' accepts 'agreement', and without 'review' nobody looks at answers; add it" in sentence()
