"""A use case is judged before it runs: do the names in it exist, and does its SQL run without knowing the outcome?"""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from driftgate.cli.use_case_lint import lint_use_case
from driftgate.settings import project_root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped use case's folder."""
    target = tmp_path / "flight_delays"
    shutil.copytree(project_root() / "include/use_cases/flight_delays", target)
    return target


def change(folder: Path, *path: str, **values: Any) -> None:
    file = folder / "use_case.yaml"
    raw = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
    section = raw
    for name in path:
        section = section[name]
    section.update(values)
    file.write_text(yaml.safe_dump(raw))


def lint(folder: Path) -> list[str]:
    return lint_use_case(folder / "use_case.yaml")


def test_the_shipped_use_case_is_fit_to_run(folder: Path) -> None:
    assert lint(folder) == []


@pytest.mark.parametrize(
    ("path", "values", "telling"),
    [
        ((), {"name": "delays"}, "key 'name' is 'delays' but the folder is 'flight_delays'; make them equal."),
        (
            (),
            {"datasets": ["flights", "wether", "planes"]},
            "key 'datasets' names 'wether', which has no contract; did",
        ),
        ((), {"request_key": ["carier"]}, "key 'request_key' names 'carier', no column of flights; did you mean 'carr"),
        ((), {"event_time": "departure"}, "key 'event_time' names 'departure', no column of flights"),
        (("train",), {"target": "local_smal"}, "key 'train.target' names 'local_smal'; did you mean 'local_small'?"),
        (
            ("monitor",),
            {"tiers": {"distance": "critical"}},
            "'monitor.tiers' names 'distance', which is no feature of features.sql; did you mean 'distance_miles'?",
        ),
        (("monitor",), {"tiers": {"dest": "top"}}, "key 'monitor.tiers.dest' cannot be 'top'"),
        (
            ("validation",),
            {"segments": {"night": {"column": "hour", "below": "6", "min_rows": "5"}}},
            "key 'validation.segments.night' names 'hour', no column of features.sql",
        ),
        (
            ("validation", "splits"),
            {"apart": ["temperature"]},
            "key 'validation.splits.apart' names 'temperature', which is no feature; did you mean 'temperature_f'?",
        ),
        (
            ("gates", "slices"),
            {"by": ["carier", "hour_band"]},
            "key 'gates.slices' names 'carier', no column of features.sql; did you mean 'carrier'?",
        ),
        (
            ("metric",),
            {"composite": {"weights": {"rmse": "1"}, "rationale": "It is."}},
            "'metric.composite' weighs 'rmse', no metric of a binary problem",
        ),
        (("retrain",), {"nigths": "1"}, "unknown key 'retrain.nigths'; did you mean 'nights'?"),
        (("label",), {"expression": "arr_delay > 15"}, "key 'label.expression'"),
        (("label",), {"expression": "arr_delay_minutes"}, "key 'label.expression'"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_and_key(
    folder: Path, path: tuple[str, ...], values: dict[str, Any], telling: str
) -> None:
    change(folder, *path, **values)
    (problem,) = lint(folder)
    assert str(folder / "use_case.yaml") in problem
    assert telling in problem


def test_every_unknown_name_is_named_at_once(folder: Path) -> None:
    change(folder, datasets=["flights", "wether"], event_time="departure")
    change(folder, "train", target="gpu")
    assert len(lint(folder)) == 3


def test_missing_features_are_named(folder: Path) -> None:
    (folder / "features.sql").unlink()
    (problem,) = lint(folder)
    assert problem == f"{folder / 'features.sql'} does not exist; write the SELECT that computes the features."


@pytest.mark.parametrize(
    ("sql", "telling"),
    [
        ("SELECT nothing FROM flights", "nothing"),
        ("SELECT carrier, flight, origin, scheduled_departure, arr_delay_minutes FROM flights", "arr_delay_minutes"),
        ("SELEC 1", "SELEC"),
    ],
)
def test_features_that_cannot_be_computed_at_request_time_are_refused(folder: Path, sql: str, telling: str) -> None:
    (folder / "features.sql").write_text(sql)
    (problem,) = lint(folder)
    assert "features.sql" in problem
    assert telling in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("old", "new", "telling"),
    [
        ("fog:\n", "fog:\n    row: {visibility: 1}\n", "key 'cases.fog.row' names 'visibility', no column of the rows"),
        (
            "{carrier: ZZ, flight: 1}",
            "{carrier: ZZ, flight: one}",
            "'cases.unseen_carrier' gives a row that is refused",
        ),
        ("    moves: up\n", "", "changed and moves belong together"),
        ("cases:\n", "case:\n", "unknown key 'case'; did you mean 'cases'?"),
    ],
)
def test_a_wrong_edge_case_is_named(folder: Path, old: str, new: str, telling: str) -> None:
    path = folder / "edge_cases.yaml"
    path.write_text(path.read_text().replace(old, new, 1))
    (problem,) = lint(folder)
    assert str(path) in problem
    assert telling in problem


def test_edge_cases_that_nobody_asks_are_named(folder: Path) -> None:
    text = (folder / "use_case.yaml").read_text()
    (folder / "use_case.yaml").write_text(text.replace("  edge_cases: edge_cases.yaml\n", ""))
    (problem,) = lint(folder)
    assert problem.startswith(f"{folder / 'edge_cases.yaml'} is asked by nobody; name it in 'validation.edge_cases'")


def test_a_missing_text_of_the_model_card_is_said_before_a_training(folder: Path) -> None:
    (folder / "card.yaml").unlink()
    (problem,) = lint(folder)
    assert problem.startswith(
        f"{folder / 'card.yaml'} does not exist, so no model of flight_delays is registered; write"
    )


def test_what_would_refuse_the_registration_is_said_before_a_training(folder: Path) -> None:
    (folder / "ethics_assessment.md").unlink()
    (problem,) = lint(folder)
    assert problem.startswith(f"{folder / 'ethics_assessment.md'} does not exist, so no model of flight_delays is reg")
    file = folder / "use_case.yaml"
    file.write_text("\n".join(line for line in file.read_text().splitlines() if not line.startswith("owners:")))
    (problem,) = lint(folder)
    assert problem.startswith(f"{file} has no key 'owners', so no model of flight_delays is registered")


def test_how_far_a_model_must_be_explained_is_asked_for(folder: Path) -> None:
    file = folder / "use_case.yaml"
    raw = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
    del raw["explain"]
    file.write_text(yaml.safe_dump(raw))
    [problem] = lint(folder)
    assert "use_case.yaml: key 'explain' is missing; agree with those who act on the answers" in problem


def test_tiers_that_make_all_features_equal_are_refused_before_a_training(folder: Path) -> None:
    raw = yaml.safe_load((folder / "use_case.yaml").read_text())
    features = [name for group in raw["experiments"]["feature_groups"].values() for name in group]
    change(folder, "monitor", tiers=dict.fromkeys(features[1:], "important"))
    assert lint(folder) == [], "one that is left out may be told apart"
    change(folder, "monitor", tiers=dict.fromkeys(features, "important"))
    (problem,) = lint(folder)
    assert f"'monitor.tiers' makes all {len(features)} features important, which tells none apart" in problem
