"""``driftgate model`` approve, reject, rollback, verify, compare, sign, new-key: what they do and what they refuse."""

import getpass
import json
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.registry import ModelVersion
from driftgate.registry.states import KIND, model_state, move_state

NAME = "flight_delays"


@pytest.fixture
def models(put_package: Callable[..., ModelVersion], feature_shares: Callable[..., bytes]) -> None:
    """Two versions with other numbers."""
    for version, value, verdict in (("1", 0.7, "pass"), ("2", 0.72, "insufficient_data")):
        gates = [{"gate": "uplift", "verdict": verdict, "value": value}]
        files = {
            "model.txt": b"tree",
            "evaluation.json": json.dumps({"gates": gates}).encode(),
            "feature_baseline.json": feature_shares(carrier=value),
        }
        put_package(version, files, metrics={"auc": value}, parameters={"num_leaves": 31})


@pytest.fixture
def waiting(models: None) -> None:
    """Version 2 waits for a person."""
    move_state(NAME, "2", "needs_review", actor="gates", reason="a waiver")


@pytest.mark.usefixtures("waiting")
def test_a_person_rejects_with_name_and_reason_and_it_can_be_listed(run: Callable[..., Any]) -> None:
    answer = run("model", "reject", NAME, 2, "--reason", "too slow")
    assert answer.stdout.strip() == f"Version 2 of flight_delays is rejected by {getpass.getuser()}."
    assert model_state(NAME, "2").reason == "too slow"
    listed = run("model", "list", NAME, "--rejected").stdout
    assert "too slow" in listed
    assert "rejected" in listed


@pytest.mark.usefixtures("waiting")
def test_nothing_is_approved_without_the_receipts_of_its_gates(run: Callable[..., Any]) -> None:
    answer = run("model", "approve", NAME, 2, "--reason", "fine")
    assert answer.exit_code == 1
    assert "The receipt of the gate 'evaluation' is missing" in " ".join(answer.stderr.split())


@pytest.mark.parametrize("command", ["approve", "reject", "rollback"])
def test_a_decision_needs_its_reason(run: Callable[..., Any], command: str) -> None:
    version = [] if command == "rollback" else ["1"]
    assert run("model", command, NAME, *version).exit_code == 2


def test_no_rejection_is_said_so(run: Callable[..., Any]) -> None:
    assert run("model", "list", "--rejected").stdout.strip() == "No model was rejected or quarantined."


@pytest.mark.usefixtures("models")
def test_two_versions_are_shown_side_by_side(run: Callable[..., Any]) -> None:
    answer = run("model", "compare", NAME, 1, 2).stdout
    lines = {line.split("│")[1].strip(): line for line in answer.splitlines() if line.count("│") == 4}
    for name, first, second in (
        ("auc", "0.7000", "0.7200"),
        ("uplift", "pass (0.7000)", "insufficient_data (0.7200)"),
        ("carrier", "70.0%", "72.0%"),
        ("state", "approved", "approved"),
    ):
        assert [cell.strip() for cell in lines[name].split("│")[2:4]] == [first, second]


@pytest.mark.usefixtures("models")
def test_a_rollback_with_nothing_to_roll_back_is_refused(run: Callable[..., Any]) -> None:
    answer = run("model", "rollback", NAME, "--reason", "slow")
    assert answer.exit_code == 1
    assert "No champion serves flight_delays yet" in answer.stderr


@pytest.mark.usefixtures("models")
def test_verify_names_what_was_changed(run: Callable[..., Any]) -> None:
    lake().write(f"models/{NAME}/1/model.txt", b"another")
    answer = run("model", "verify", NAME, 1)
    assert answer.exit_code == 1
    assert "model.txt is not the file that was registered" in " ".join(answer.stderr.split())


@pytest.mark.usefixtures("models")
def test_an_unsigned_package_is_signed_once(run: Callable[..., Any]) -> None:
    lake().delete(f"models/{NAME}/1/package.sig")
    with metadata().engine.begin() as connection:
        connection.exec_driver_sql("delete from driftgate_record where kind = ?", (KIND,))
    assert "Version 1 of flight_delays is signed" in run("model", "sign", NAME, 1).stdout
    again = run("model", "sign", NAME, 1)
    assert again.exit_code == 1
    assert "no signature is replaced" in " ".join(again.stderr.split())


@pytest.mark.usefixtures("models")
def test_after_a_new_key_the_old_signatures_count(run: Callable[..., Any]) -> None:
    assert "signs from now on" in run("model", "new-key").stdout
    assert run("model", "show", NAME, 1).exit_code == 0
