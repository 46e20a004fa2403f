"""``driftgate model`` lists, shows and explains registered versions."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from driftgate.contracts.withdrawals import Withdrawal, record_withdrawal
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.registry import ModelVersion

FILES = {
    "model.txt": b"tree",
    "evaluation.json": b'{"passed":true}',
    "feature_baseline.json": b'{"seed":7}',
    "card.md": b"# A [bold] card | 12345\n",
    "card_plain.md": b"# In [plain] words\n",
}


@pytest.fixture
def models(put_package: Callable[..., ModelVersion]) -> None:
    """Two versions, of which the first answers requests."""
    for version, metrics in (("1", {"auc": 0.7}), ("2", {"auc": 0.72, "champion_auc": 0.69})):
        changes = {"parameters": {"num_leaves": 31}, "metrics": metrics}
        put_package(version, FILES, dataset_version=f"flight_delays/2013-03-3{version}-3f9c2a1", **changes)
    state = {"use_case": "flight_delays", "step": "serving", "champion": "1", "actor": "a", "reason": "b"}
    state["variants"] = [{"version": "1", "role": "champion", "weight": 100}]
    metadata().append("deployment", "flight_delays", state)


@pytest.mark.usefixtures("models")
def test_versions_are_listed_with_role_origin_and_numbers(run: Callable[..., Any]) -> None:
    answer = run("model", "list").stdout
    first, second = (line.split() for line in answer.splitlines() if "3f9c2a1" in line)
    assert first[1::2] == ["1", "champion", "flight_delays/2013-03-31-3f9c2a1", "0.7000", "-"]
    assert second[1] == "2"
    assert "no traffic" in answer
    assert second[-4:-1:2] == ["0.7200", "0.6900"]


@pytest.mark.usefixtures("models")
def test_a_model_that_learned_from_a_withdrawn_subject_is_marked(run: Callable[..., Any]) -> None:
    record_withdrawal(
        Withdrawal(
            dataset="rides",
            columns=("passenger",),
            subject="ab",
            key_check="cd",
            reason="asked",
            by="dpo",
            at=datetime(2013, 5, 1),
            done=True,
            models=("flight_delays/2",),
        )
    )
    marked = {version: json.loads(run("model", "show", "flight_delays", version).stdout) for version in ("1", "2")}
    assert [marked[version]["contains_withdrawn"] for version in ("1", "2")] == [False, True]
    assert run("model", "list").stdout.count("withdrawn") == 1


def test_without_versions_the_list_says_who_makes_the_first(run: Callable[..., Any]) -> None:
    assert "retrain DAG registers the first one" in run("model", "list", "flight_delays").stdout


@pytest.mark.usefixtures("models")
def test_show_prints_the_record_its_hash_and_the_evaluation(run: Callable[..., Any]) -> None:
    shown = json.loads(run("model", "show", "flight_delays", "2").stdout)
    assert shown["parameters"] == {"num_leaves": 31}
    assert shown["evaluation"] == {"passed": True}
    assert shown["feature_baseline"] == {"seed": 7}
    assert len(shown["package_hash"]) == 64


@pytest.mark.usefixtures("models")
def test_the_card_is_printed_as_it_is_with_what_was_decided_since(run: Callable[..., Any]) -> None:
    card, since = run("model", "card", "flight_delays", "1").stdout.split("\n\n## Decisions since its registration\n\n")
    assert card == "# A [bold] card | 12345"
    assert since.splitlines()[-1].endswith(" | approved | test | a test |")
    assert run("model", "card", "flight_delays", "1", "--plain").stdout == "# In [plain] words\n"


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("command", ["show", "card"])
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("flight_delay", "1"), "There is no use case 'flight_delay'"),
        (("flight_delays", "3"), "flight_delays has no model version '3'. Known: 1, 2"),
    ],
)
def test_unknown_names_are_a_sentence(
    run: Callable[..., Any], command: str, arguments: tuple[str, str], sentence: str
) -> None:
    answer = run("model", command, *arguments)
    assert answer.exit_code == 1
    assert sentence in answer.stderr


@pytest.mark.usefixtures("models")
def test_a_changed_card_is_not_printed(run: Callable[..., Any]) -> None:
    lake().write("models/flight_delays/1/card.md", b"# Perfect\n")
    answer = run("model", "card", "flight_delays", "1")
    assert answer.exit_code == 1
    assert "card.md is not the file that was registered" in answer.stderr


@pytest.fixture
def measured(put_package: Callable[..., ModelVersion], feature_shares: Callable[..., bytes]) -> Callable[..., None]:
    """Register a version whose features have these shares of the importance."""

    def register(version: str, **shares: float) -> None:
        put_package(version, {**FILES, "feature_baseline.json": feature_shares(**shares)})

    return register


def test_what_brings_nothing_to_three_versions_is_proposed_for_removal(
    run: Callable[..., Any], measured: Callable[..., None]
) -> None:
    measured("1", origin=0.9, seats=0.9, engines=0.0)  # too old to count
    for version in ("2", "3"):
        measured(version, origin=0.9, seats=0.0005, engines=0.0, dest=0.0)
    assert "to be removed: engines." in run("model", "features", "flight_delays").stdout, "dest is in two only"
    measured("4", origin=0.8, seats=0.0, engines=0.02, dest=0.0, extra=0.0)
    answer = run("model", "features", "flight_delays").stdout
    lines = {line.split()[1]: line for line in answer.splitlines() if line.startswith("│")}
    assert next(iter(lines)) == "origin"
    assert "critical" in lines["origin"]
    assert "90.0%" in lines["origin"]
    assert "to be removed: dest, seats." in answer
    assert lines["extra"].count("-") == 2, "the others do not know it"


def test_features_without_a_model_say_who_makes_the_first(run: Callable[..., Any]) -> None:
    assert "retrain DAG registers the first one" in run("model", "features", "flight_delays").stdout
    assert "There is no use case 'flights'" in run("model", "features", "flights").stderr


def test_a_list_of_an_unknown_use_case_is_a_sentence(run: Callable[..., Any]) -> None:
    assert "There is no use case 'flights'" in run("model", "list", "flights").stderr
