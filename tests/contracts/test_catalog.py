"""The shipped contracts, and finding one by name."""

import json
import os
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

from driftgate.contracts import arrow_schema, contract_names, lint_contract, load_contract, references_of, source_of
from driftgate.errors import ConfigError
from driftgate.use_cases import load_use_case

CONTRACTS = sorted((Path(__file__).resolve().parents[2] / "data_contracts").glob("*.yaml"))


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_a_shipped_contract_follows_the_standard_to_the_letter(path):
    schema = json.loads((files("open_data_contract_standard") / "schema.json").read_text())
    problems = jsonschema.Draft201909Validator(schema).iter_errors(yaml.safe_load(path.read_text()))

    assert [f"{problem.json_path}: {problem.message}" for problem in problems] == []
    assert lint_contract(path) == []


@pytest.mark.parametrize("name", contract_names())
def test_a_shipped_contract_says_who_owns_it_why_it_is_there_and_what_every_column_means(name):
    contract = load_contract(name)

    assert contract.owner == "network-operations"
    assert contract.contact.startswith("mailto:")
    assert contract.purpose
    assert contract.licence == "CC0-1.0"
    assert contract.source == source_of(name) == "nycflights"
    assert contract.label == f"{name}@1.2.0"
    assert all(len(column.description) > 5 for column in contract.columns)
    assert {rule.severity for rule in contract.rules} == {"critical", "row", "warn"}


def test_the_outcomes_are_marked_and_are_no_part_of_a_request():
    outcomes = load_contract("flights").outcomes

    assert outcomes == (
        "departure_minute",
        "arrival_minute",
        "dep_delay_minutes",
        "arr_delay_minutes",
        "air_time_minutes",
    )
    assert not set(outcomes) & set(load_use_case("flight_delays").request_key)


def test_the_arrow_schema_has_the_columns_in_their_order_with_plain_types():
    schema = arrow_schema(load_contract("weather"))

    assert schema.names[:3] == ["origin", "observed_at", "temperature_f"]
    assert [str(schema.field(name).type) for name in schema.names[:3]] == ["string", "timestamp[us]", "double"]


def test_an_unknown_name_is_answered_with_the_nearest_one():
    with pytest.raises(ConfigError, match=r"no contract 'flight' in .*did you mean 'flights'\? Known: flights, planes"):
        load_contract("flight")


def test_a_changed_file_is_read_anew(project):
    before = load_contract("trips")
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(path.read_text().replace("version: 2.1.0", "version: 3.0.0"))
    os.utime(path, ns=(1, 1))

    assert (before.version, load_contract("trips").version) == ("2.1.0", "3.0.0")


def test_a_contract_without_a_server_has_no_source_and_does_not_stop_the_others(project):
    (project / "data_contracts" / "other.yaml").write_text("name: other\n")

    assert source_of("other") is None
    assert source_of("trips") == "cab"


def test_the_datasets_that_a_contract_refers_to_are_told_cheaply_and_a_wrong_file_refers_to_none(project):
    (project / "data_contracts" / "other.yaml").write_text("schema: [3]\n")

    assert references_of("other") == references_of("trips") == ()


def test_flights_refer_to_planes():
    assert references_of("flights") == ("planes",)
