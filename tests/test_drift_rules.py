"""The table of what follows from a drift: every cell as the guide shows it, and rules that contradict each other."""

import re
from itertools import product
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from driftgate.drift_rules import (
    CHAMPION_STATES,
    DEFAULT_RULES,
    LABEL_STATES,
    Cell,
    require_agreement,
    rule_for,
)
from driftgate.monitoring_policy import MonitorName
from driftgate.retrain_policy import Retrain
from driftgate.settings import project_root
from driftgate.severity import SEVERITIES

GUIDE = project_root() / "docs" / "guides" / "verdicts.md"
POLICY: dict[str, Any] = {"on": ["performance"], "nights": 2, "of_last": 3, "cooldown_days": 7, "min_new_rows": 0}


def table_of_the_guide() -> dict[Cell, str]:
    """The decisions that the guide shows, by cell."""
    found = {}
    for line in re.findall(r"^\| `\w+` \|(?:[^|]+\|){5}$", GUIDE.read_text(), re.MULTILINE):
        drift, labels, champion, *decisions = (cell.strip(" `") for cell in line.strip("|").split("|"))
        where = product(
            LABEL_STATES if labels == "any" else (labels,), CHAMPION_STATES if champion == "any" else (champion,)
        )
        for (label, who), (severity, decision) in product(where, zip(SEVERITIES, decisions, strict=True)):
            found[Cell(drift, severity, label, who)] = decision  # type: ignore[arg-type]
    return found


SHOWN = table_of_the_guide()
CELLS = {Cell(*cell) for cell in product(get_args(MonitorName), SEVERITIES, LABEL_STATES, CHAMPION_STATES)}


@pytest.mark.parametrize("cell", sorted(CELLS), ids=".".join)
def test_each_cell_is_decided_once_and_as_the_guide_shows_it(cell: Cell) -> None:
    [only] = [rule for rule in DEFAULT_RULES if cell in set(rule.cells())]
    assert rule_for(cell, ()) == only
    assert SHOWN[cell] == only.decision


def test_the_guide_shows_no_other_cell() -> None:
    assert set(SHOWN) == CELLS


def test_the_default_rules_agree() -> None:
    require_agreement(DEFAULT_RULES)


def rules(*found: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"rule_{number}", "drift": "data", **one} for number, one in enumerate(found)]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"rules": rules({"decision": "review"}, {"labels": ["late"], "severity": ["major"], "decision": "quiet"})},
            "the rules 'rule_0' and 'rule_1' contradict each other about major data drift with late labels and a new "
            "champion",
        ),
        (
            {"rules": rules({"decision": "review", "nights": 1}, {"decision": "review", "nights": 2})},
            "the rules 'rule_0' and 'rule_1' contradict each other about",
        ),
        (
            {"rules": rules({"decision": "retrain"})},
            "rule 'rule_0' retrains after data drift, which 'on' does not accept as a cause",
        ),
        ({"on": ["performance", "skew"]}, "'on' accepts 'skew' as a cause, and no rule retrains after it"),
        (
            {"rules": [{"name": "same", "drift": "data", "decision": "quiet"},
                       {"name": "same", "drift": "skew", "decision": "quiet"}]},
            "two rules are called 'same'",
        ),
        ({"rules": rules({"decision": "review", "nights": 4})}, "its 4 nights exceed of_last, 3"),
        (
            {"schedule": {"every_days": 6, "justification": "The audit asks for it."}},
            "schedule.every_days 6 is shorter than cooldown_days 7",
        ),
        ({"schedule": {"every_days": 7}}, "justification"),
        ({"cooldown_unhelpful_days": [5, 6]}, "cooldown_unhelpful_days [5, 6] stay below cooldown_days, 7"),
        ({"cooldown_unhelpful_days": [14, 10]}, "cooldown_unhelpful_days [14, 10] must not fall"),
        (
            {"cooldown_unhelpful_days": [7, 14], "schedule": {"every_days": 9, "justification": "An audit asks."}},
            "schedule.every_days 9 is shorter than the 14 of cooldown_unhelpful_days, which would hold it back",
        ),
        ({"nights": 4}, "nights must not exceed of_last, got 4 of the last 3"),
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        Retrain(**{**POLICY, **change})


def test_rules_that_say_the_same_or_meet_nowhere_are_no_contradiction() -> None:
    same = rules({"decision": "review"}, {"severity": ["minor"], "decision": "review"})
    apart = rules({"labels": ["fresh"], "decision": "quiet"}, {"labels": ["late"], "decision": "review"})
    assert len(Retrain(**{**POLICY, "rules": same}).rules) == len(Retrain(**{**POLICY, "rules": apart}).rules) == 2
