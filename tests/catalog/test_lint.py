"""What is used has a contract; what has a contract is used."""

import pytest

from driftgate.catalog.lint import lint_catalog, remarks


def test_a_sound_project_has_no_problem(add_use_case):
    add_use_case("fares", "SELECT ride, started_at FROM rides")
    assert lint_catalog() == []
    assert remarks() == []


def test_a_use_case_over_a_dataset_without_contract_is_a_sentence(add_use_case):
    folder = add_use_case("fares")
    text = (folder / "use_case.yaml").read_text()
    (folder / "use_case.yaml").write_text(text.replace("- rides", "- ridez"))

    (problem,) = lint_catalog()

    assert "'ridez', which has no contract; did you mean 'rides'" in problem


def test_a_dag_that_waits_for_a_dataset_without_contract_is_a_sentence(project):
    (project / "dags" / "other.py").write_text('schedule = assets.validated("trips")')
    (problem,) = lint_catalog()
    assert "other.py waits for 'trips'" in problem


def test_an_orphan_contract_is_remarked(project):
    (project / "dags" / "cab.py").unlink()
    (remark,) = remarks()
    assert "No use case reads 'rides'" in remark


@pytest.mark.parametrize("other", ["r.distance_km * 1000", "1000 * distance_km"])
def test_the_same_feature_twice_is_remarked_once(add_use_case, other):
    add_use_case("fares", "SELECT r.ride, r.started_at, r.distance_km * 1000 AS a FROM rides r")
    add_use_case("tips", f"SELECT r.ride, r.started_at, {other} AS b FROM rides r")
    (remark,) = remarks()
    assert remark == "fares/a is the same as tips/b; keep one."


def test_a_feature_that_two_use_cases_share_under_one_name_is_not_remarked(add_use_case):
    for name in ("fares", "tips"):
        add_use_case(name, "SELECT r.ride, r.started_at, r.distance_km * 1000 AS distance_m, r.note FROM rides r")
    assert remarks() == []
