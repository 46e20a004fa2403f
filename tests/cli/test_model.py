"""``driftgate model`` lists, shows and explains registered versions."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.registry import ModelVersion
from driftgate.registry.package import package_files, write_package

FILES = {"model.txt": b"tree", "evaluation.json": b'{"passed":true}', "card.md": b"# A [bold] card | 12345\n"}


@pytest.fixture
def models() -> None:
    """Two versions, of which the first answers requests."""
    for version, metrics in (("1", {"auc": 0.7}), ("2", {"auc": 0.72, "champion_auc": 0.69})):
        model = ModelVersion(
            use_case="flight_delays",
            version=version,
            job_id=f"job-{version}",
            job_spec_sha256="abc",
            dataset_version=f"flight_delays/2013-03-3{version}-3f9c2a1",
            trainer="lightgbm",
            seed=7,
            parameters={"num_leaves": 31},
            metrics=metrics,
            files=package_files(FILES),
        )
        write_package(model, FILES)
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


def test_without_versions_the_list_says_who_makes_the_first(run: Callable[..., Any]) -> None:
    assert "retrain DAG registers the first one" in run("model", "list", "flight_delays").stdout


@pytest.mark.usefixtures("models")
def test_show_prints_the_record_its_hash_and_the_evaluation(run: Callable[..., Any]) -> None:
    shown = json.loads(run("model", "show", "flight_delays", "2").stdout)
    assert shown["parameters"] == {"num_leaves": 31}
    assert shown["evaluation"] == {"passed": True}
    assert len(shown["package_hash"]) == 64


@pytest.mark.usefixtures("models")
def test_the_card_is_printed_as_it_is(run: Callable[..., Any]) -> None:
    assert run("model", "card", "flight_delays", "1").stdout == "# A [bold] card | 12345\n"


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


def test_a_list_of_an_unknown_use_case_is_a_sentence(run: Callable[..., Any]) -> None:
    assert "There is no use case 'flights'" in run("model", "list", "flights").stderr
