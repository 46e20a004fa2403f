"""Which policies can be compared, and which are refused in a sentence."""

from pathlib import Path

import pytest
import yaml

from driftgate.backtest.policies import policies
from driftgate.errors import ConfigError
from driftgate.retrain_policy import Retrain
from driftgate.use_cases import load_use_case

SHIPPED = load_use_case("flight_delays")


def test_a_file_changes_the_keys_that_it_names_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "careful.yaml"
    file.write_text("{name: careful, monitor: {performance: {max_auc_drop: 0.05}}, retrain: {cooldown_days: 3}}")
    shipped, careful = policies(SHIPPED, ["shipped", str(file)])
    assert (shipped.monitor, shipped.retrain) == (SHIPPED.monitor, SHIPPED.retrain)
    performance = SHIPPED.monitor.performance.model_copy(update={"max_auc_drop": 0.05})
    assert careful.monitor == SHIPPED.monitor.model_copy(update={"performance": performance})
    assert careful.retrain == SHIPPED.retrain.model_copy(update={"cooldown_days": 3})


def test_a_policy_of_the_calendar_is_blind_to_evidence() -> None:
    never, weekly = policies(SHIPPED, ["never", "weekly"])
    assert (never.retrain.on, never.retrain.schedule, never.retrain.max_model_age_days) == ((), None, None)
    assert weekly.retrain.schedule is not None
    assert (weekly.retrain.on, weekly.retrain.schedule.every_days, weekly.retrain.cooldown_days) == ((), 7, 0)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("{name: a, retrain: {cooldown: 3}}", "unknown key 'retrain.cooldown'; did you mean 'cooldown_days'"),
        ("{name: a, monitors: {}}", "unknown key 'monitors'; did you mean 'monitor'"),
        ("{name: a, retrain: {nights: 5, of_last: 3}}", "nights must not exceed of_last, got 5 of the last 3"),
        (
            "{name: a, retrain: {cooldown_days: 9, schedule: {every_days: 7, justification: a test of it}}}",
            "shorter than",
        ),
        ("{name: weekly}", "key 'name' is 'weekly'"),
        ("{name: ../a}", "key 'name' is '../a'"),
        ("[a]", "expected a mapping"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(tmp_path: Path, written: str, says: str) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(written)
    with pytest.raises(ConfigError) as refused:
        policies(SHIPPED, [str(file)])
    assert says in str(refused.value)
    assert str(file) in str(refused.value)


PEOPLE = [{"name": "people_disagree_much", "drift": "agreement", "decision": "retrain"}]
ROLLED_BACK = [{"name": "slow", "drift": "service", "champion": ["new"], "decision": "rollback"}]


@pytest.mark.parametrize(
    ("retrain", "says"),
    [
        ({"on": ["agreement"], "rules": PEOPLE}, "key 'retrain.on' names agreement, which a backtest does not judge"),
        ({"rules": ROLLED_BACK}, "key 'retrain.rules', rule 'slow', names service, which a backtest does not judge"),
    ],
)
def test_a_policy_that_moves_by_what_no_replay_judges_is_refused(
    tmp_path: Path, retrain: dict[str, object], says: str
) -> None:
    file = tmp_path / "blind.yaml"
    file.write_text(yaml.safe_dump({"name": "blind", "retrain": retrain}))
    with pytest.raises(ConfigError) as refused:
        policies(SHIPPED, [str(file)])
    assert str(refused.value).startswith(f"{file}: {says}")
    assert str(refused.value).endswith("compare a policy file that leaves it out.")

    written = SHIPPED.retrain.model_dump(mode="json") | retrain
    live = SHIPPED.model_copy(update={"retrain": Retrain.model_validate(written)})
    with pytest.raises(ConfigError) as refused:
        policies(live, ["shipped"])
    assert str(refused.value).startswith(f"{live.folder / 'use_case.yaml'}: {says}")
    assert policies(live, ["never", "weekly"]), "these ask no monitor"


def test_a_policy_may_have_people_look_at_what_no_replay_judges(tmp_path: Path) -> None:
    file = tmp_path / "looks.yaml"
    file.write_text("{name: looks, retrain: {rules: [{name: odd, drift: attribution, decision: review}]}}")
    assert policies(SHIPPED, [str(file)])


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["weekley"], "did you mean 'weekly'"),
        (["nowhere.yaml"], "nowhere.yaml does not exist"),
        (["never", "never"], "Two policies are called 'never'"),
        ([], "no policy to replay"),
    ],
)
def test_a_wrong_name_is_refused(asked: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        policies(SHIPPED, asked)


def test_a_file_may_change_gates_and_promotion_too(tmp_path: Path) -> None:
    file = tmp_path / "lenient.yaml"
    file.write_text(
        "{name: lenient, gates: {champion: {margin: 0.5}, slices: null}, promote: {steps_percent: [50, 100]}}"
    )
    (lenient,) = policies(SHIPPED, [str(file)])
    under = lenient.applied(SHIPPED)
    assert (under.gates.champion.margin, under.gates.champion.confidence) == (0.5, SHIPPED.gates.champion.confidence)
    assert (under.gates.slices, under.gates.cost) == (None, SHIPPED.gates.cost)
    assert under.promote.steps_percent == (50, 100)
    assert (under.monitor, under.retrain) == (SHIPPED.monitor, SHIPPED.retrain)
