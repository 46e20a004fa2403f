"""``driftgate promotion`` on a deployment with a past."""

import pytest
from typer.testing import CliRunner

from driftgate.cli.main import app
from driftgate.metadata import metadata
from driftgate.promotion import deployment, roll_back, start_shadow
from driftgate.use_cases import load_use_case

NAME = "flight_delays"


def told(*arguments, code=0):
    answer = CliRunner().invoke(app, ["promotion", *arguments])
    assert answer.exit_code == code, answer.output
    return " ".join(answer.output.split())


@pytest.fixture
def serving(put_package, endpoint, leave_receipts):
    """Version 1 serves by a record that a hand wrote; 2 is registered."""
    for version in ("1", "2"):
        leave_receipts(put_package(version), "1")
    alias = {"use_case": NAME, "alias": "champion", "version": "1", "previous": None}
    metadata().append("alias", f"{NAME}/champion", alias)
    body = {
        "use_case": NAME,
        "step": "serving",
        "champion": "1",
        "actor": "a hand",
        "reason": "because",
        "variants": [{"version": "1", "role": "champion", "weight": 100}],
    }
    metadata().append("deployment", NAME, body)


def test_the_plan_says_steps_and_why():
    answer = told("plan", NAME)
    assert "canary, risk medium, approval never: Passengers are rebooked" in answer
    assert "canary_25" in answer


def test_the_report_lists_changes_and_how_promotions_ended(serving):
    assert "never changed" in told("report", NAME)
    start_shadow(load_use_case(NAME), "2", actor="anna", reason="a new one")
    roll_back(load_use_case(NAME), actor="ben", reason="too slow")
    answer = told("report", NAME)
    assert "start_shadow" in answer
    assert "too slow" in answer
    assert "0 of 1 promotions succeeded (0%)" in answer


def test_reconcile_says_what_a_hand_did_and_fails(serving):
    assert "has no change record: the traffic was moved by hand" in told("reconcile", NAME, code=1)


def test_reconcile_restores_what_was_recorded(serving):
    use_case = load_use_case(NAME)
    start_shadow(use_case, "2", actor="anna", reason="a new one")
    assert "is served as recorded" in told("reconcile", NAME)
    body = deployment(NAME).model_dump(mode="json", exclude={"revision"})
    metadata().append("deployment", NAME, {**body, "change": None, "actor": "a hand"})
    assert "Restored by revision 4" in told("reconcile", NAME, "--restore")
    assert deployment(NAME).candidate == "2"


def test_an_unknown_use_case_is_named(serving):
    for command in ("plan", "report", "reconcile"):
        assert "There is no use case 'flights'" in told(command, "flights", code=1)
