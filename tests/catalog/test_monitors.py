"""The register of monitors: a use case without a business metric, or a monitor without an action, is refused."""

from typing import Any

import pytest
import yaml

from driftgate.catalog.monitors import PAGE, follows, monitors_page, register_problems
from driftgate.errors import ConfigError
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case, use_case_names

USE_CASE = load_use_case("flight_delays")
COST, RANKING, CONCEPT, *_ = yaml.safe_load((USE_CASE.folder / "monitors.yaml").read_text())["monitors"]


@pytest.fixture
def problems(tmp_path):
    """Write a register of these entries, beside the shipped ones of other monitors, and lint it."""
    (tmp_path / "card.yaml").write_text((USE_CASE.folder / "card.yaml").read_text())
    shipped = yaml.safe_load((USE_CASE.folder / "monitors.yaml").read_text())["monitors"]

    def lint(*entries: dict[str, Any], others: bool = True) -> list[str]:
        rest = [one for one in shipped if one["id"] not in {"cost_of_wrong_decisions"}] if others else []
        (tmp_path / "monitors.yaml").write_text(yaml.safe_dump({"monitors": [*entries, *rest]}))
        return list(register_problems(USE_CASE, tmp_path))

    return lint


def test_the_shipped_registers_are_complete_and_the_page_is_theirs() -> None:
    assert [problem for name in use_case_names() for problem in register_problems(load_use_case(name))] == []
    assert (project_root() / PAGE).read_text() == monitors_page(), "run 'driftgate monitor register'"


@pytest.mark.parametrize(
    ("change", "telling"),
    [
        ({"action": ""}, "action"),
        ({"warn": 4000}, "'critical' must be worse than 'warn', got 3500.0 and 4000.0"),
        ({"warn": "major"}, "numbers where there is a 'statistic', and severities where not"),
        ({"id": "ranking_of_flights"}, "two monitors have the id 'ranking_of_flights'"),
        ({"monitor": "profit"}, "profit"),
    ],
)
def test_an_entry_that_says_too_little_is_refused(problems, change, telling) -> None:
    with pytest.raises(ConfigError, match=r"monitors\.yaml") as refused:
        problems(COST | change)
    assert telling in str(refused.value)


def test_no_business_metric_is_refused(problems) -> None:
    with pytest.raises(ConfigError, match="no monitor has 'kind: business'"):
        problems(RANKING, CONCEPT, others=False)


@pytest.mark.parametrize(
    ("change", "telling"),
    [
        ({"requirement": "bussiness_requirement"}, "is no key of card.yaml; did you mean 'business_requirement'?"),
        ({"requirement": "performance_goals.9"}, "is no key of card.yaml"),
        ({"statistic": "expected_cost"}, "which performance does not measure"),
        ({"monitor": "data"}, "has numbers about data; only those of 'performance' are looked at."),
    ],
)
def test_names_that_lead_nowhere_are_told(problems, change, telling) -> None:
    assert [telling in problem for problem in problems(COST | change)] == [True]


def test_a_running_monitor_that_is_not_registered_is_told(problems) -> None:
    told = problems(COST, RANKING, others=False)
    assert any("nothing registered reads the monitor 'concept'" in problem for problem in told)


def test_a_drift_from_which_nothing_follows_is_told(problems) -> None:
    quiet = {"name": "never", "drift": "concept", "decision": "quiet"}
    retrain = type(USE_CASE.retrain).model_validate(USE_CASE.retrain.model_dump() | {"rules": (quiet,)})
    changed = USE_CASE.model_copy(update={"retrain": retrain})
    told = [problem for problem in register_problems(changed) if "nothing follows from the concept drift" in problem]
    assert len(told) == 1


def test_what_follows_is_what_the_policy_decides() -> None:
    retrain = USE_CASE.retrain.model_copy(update={"on": ("performance",), "rules": ()})
    changed = USE_CASE.model_copy(update={"retrain": retrain})
    assert follows(changed, "performance", "major") == "retrain or rollback"
    assert follows(changed, "concept", "major") == "review"  # `retrain.on` does not accept it as a cause


def test_a_use_case_without_a_register_is_told(tmp_path) -> None:
    assert "monitors.yaml does not exist" in next(register_problems(USE_CASE, tmp_path))
