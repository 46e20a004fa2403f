"""A contract that refers to another dataset: the other must be there, and nothing may go in a circle."""

from collections.abc import Callable
from pathlib import Path

import pytest

from driftgate.contracts import lint_contract, load_contract, source_of
from driftgate.errors import ConfigError

TO_ZONES = "relationships: [{to: zones.name, customProperties: [{property: severity, value: warn}, %s]}]"
SHARE = "{property: maxPercent, value: 20}"
BEFORE = "        quality:\n          - {id: known, metric: invalidValues, arguments: {validValues: [north, south]}"


@pytest.fixture
def add(project: Path) -> Callable[..., Path]:
    """Write the contract of a dataset with the column ``name``; ``to`` is what that column refers to."""

    def write(dataset: str, to: str | None = None, kind: str = "string", treatment: str = "keep") -> Path:
        text = (project / "data_contracts" / "trips.yaml").read_text()
        head = text[: text.index("schema:")].replace("trips", dataset)
        logical = {"string": "string", "int32": "integer"}[kind]
        column = [
            f"schema:\n  - name: {dataset}\n    properties:",
            f"      - {{name: name, description: Its name., logicalType: {logical}, physicalType: {kind},",
            "         classification: internal, customProperties: [{property: availableAt, value: event},",
            f"           {{property: treatment, value: {treatment}}}],",
            f"         relationships: [{{to: {to}, customProperties: [{{property: severity, value: warn}}]}}],"
            if to
            else "",
            "        }",
        ]
        path = project / "data_contracts" / f"{dataset}.yaml"
        path.write_text(head + "\n".join(column) + "\n")
        return path

    return write


@pytest.fixture
def refer(project: Path) -> Callable[[str], Path]:
    """Give the column ``zone`` of trips a relationship."""

    def write(relationship: str) -> Path:
        path = project / "data_contracts" / "trips.yaml"
        text = path.read_text()
        assert BEFORE in text
        path.write_text(text.replace(BEFORE, f"        {relationship}\n{BEFORE}"))
        return path

    return write


def test_a_relationship_is_a_rule_about_known_values(add, refer):
    add("zones")
    refer(TO_ZONES % SHARE)
    (rule,) = load_contract("trips").references

    assert (rule.id, rule.kind, rule.severity, rule.columns) == ("zone.reference", "reference", "warn", ("zone",))
    assert (rule.references, rule.max_percent) == ("zones.name", 20)


WRONG = {
    "no severity": (
        "relationships: [{to: zones.name}]",
        "zones.name.customProperties.severity' is missing; add it. Kn",
    ),
    "an unknown severity": (
        "relationships: [{to: zones.name, customProperties: [{property: severity, value: error}]}]",
        "severity' is 'error'. Known: critical, row, warn",
    ),
    "a share for rows": (
        (TO_ZONES % SHARE).replace("warn", "row"),
        "severity' is 'row', which allows no broken row: remove maxPercent",
    ),
    "a share of everything": (
        TO_ZONES % "{property: maxPercent, value: 100}",
        "maxPercent' must be a number from 0 to 99.9, found 100",
    ),
    "an unknown property": (TO_ZONES % "{property: percent, value: 3}", "'percent'; did you mean 'maxPercent'"),
    "a target that is no column": (
        (TO_ZONES % SHARE).replace("zones.name", "zones"),
        "must be one column of another dataset, as planes.tail_number, found 'zones'",
    ),
    "a target of several columns": (
        (TO_ZONES % SHARE).replace("zones.name", "[zones.name]"),
        "as planes.tail_number, found ['zones.name']",
    ),
    "another kind of relationship": (
        (TO_ZONES % SHARE).replace("to:", "type: join, to:"),
        "zones.name.type' is 'join'; only foreignKey is known",
    ),
    "a source column of its own": (
        (TO_ZONES % SHARE).replace("to:", "from: zone, to:"),
        "unknown key 'schema.trips.properties.zone.relationships.0.from'",
    ),
    "an unknown dataset": (
        (TO_ZONES % SHARE).replace("zones.name", "zone.name"),
        "relationships' names 'zone.name', which has no contract; did you mean 'zones'? Known: trips, zones",
    ),
    "an unknown column": (
        (TO_ZONES % SHARE).replace("zones.name", "zones.names"),
        "names 'zones.names', which is no column of zones; did you mean 'name'",
    ),
    "the dataset itself": (
        (TO_ZONES % SHARE).replace("zones.name", "trips.trip"),
        "names 'trips.trip', the dataset itself; a reference goes to another dataset",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_reference_that_makes_no_sense_is_refused_when_it_is_linted_and_when_it_is_used(what, add, refer):
    add("zones")
    relationship, telling = WRONG[what]
    path = refer(relationship)
    (sentence,) = lint_contract(path)

    assert telling in sentence
    assert str(path) in sentence
    assert "\n" not in sentence
    with pytest.raises(ConfigError) as refused:
        load_contract("trips")
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("target", "telling"),
    [
        ({"kind": "int32"}, "which is int32, not string; a column refers to one of its own type"),
        ({"treatment": "hash"}, "whose values zones publishes with the treatment 'hash'; refer to one that it keeps"),
        ({"treatment": "drop"}, "whose values zones publishes with the treatment 'drop'"),
    ],
    ids=["another type", "a column that is hashed", "a column that is dropped"],
)
def test_a_reference_needs_a_column_that_it_can_be_compared_with(target, telling, add, refer):
    add("zones", **target)
    (sentence,) = lint_contract(refer(TO_ZONES % SHARE))
    assert telling in sentence


@pytest.mark.parametrize("name", ["trips", "zones", "cities"])
def test_a_circle_is_refused_with_everyone_who_is_in_it_wherever_one_looks_first(name, add, refer):
    refer(TO_ZONES % SHARE)
    add("zones", to="cities.name")
    add("cities", to="zones.name")
    with pytest.raises(
        ConfigError, match=r"its references go in a circle: (zones → cities → zones|cities → zones → cit)"
    ):
        load_contract(name)
    assert source_of(name) == "cab"  # asked at every parse of a DAG file, and judges nothing


def test_a_chain_is_no_circle_nor_are_two_ways_to_one_dataset(add, refer):
    refer(TO_ZONES % SHARE)
    add("zones", to="cities.name")
    path = add("areas", to="cities.name")
    add("cities")
    assert [lint_contract(path.with_name(f"{name}.yaml")) for name in ("trips", "zones", "areas", "cities")] == [[]] * 4


def test_a_contract_that_cannot_be_read_is_named_by_those_that_refer_to_it(add, refer):
    refer(TO_ZONES % SHARE)
    zones = add("zones", treatment="hide")
    with pytest.raises(ConfigError, match=rf"^{zones}: .*'hide'"):
        load_contract("trips")
