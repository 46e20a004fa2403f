"""What is wrong with a contract is said with file, key, allowed values and the nearest match."""

from collections.abc import Callable
from pathlib import Path

import pytest

from driftgate.contracts import lint_contract, load_contract
from driftgate.errors import ConfigError

WRONG = {
    "an unknown key at the top": ("kind: DataContract", "kid: DataContract", "unknown key 'kid'; did you mean 'kind'"),
    "an unknown key of a column": (
        "required: true",
        "requird: true",
        "properties.zone.requird'; did you mean 'required'",
    ),
    "an unknown key of a rule": ("mustBe: 0", "must: 0", "quality.range.must'; did you mean 'mustBe'"),
    "a key that nothing would honour": (
        "unique: true",
        "encryptedName: x",
        "unknown key 'schema.trips.properties.passenger",
    ),
    "a wrong type": ("required: true", "required: maybe", "zone.required': Input should be a valid boolean"),
    "a list for a mapping": ("team: {name: taxis}", "team: [taxis]", "key 'team': Input should be a valid dict"),
    "a version that YAML reads as a number": (
        "version: 2.1.0",
        "version: 2.1",
        "key 'version': Input should be a valid",
    ),
    "another version of the standard": ("v3.1.0", "v2.2.2", "'v3.2.0'? Known: v3.1.0, v3.2.0"),
    "another kind": ("kind: DataContract", "kind: DataProduct", "'kind' is 'DataProduct'; did you mean 'DataContract'"),
    "another name than the file's": (
        "name: trips\nversion",
        "name: trip\nversion",
        "key 'name' is 'trip'; did you mean",
    ),
    "no version": ("version: 2.1.0\n", "", "key 'version' is missing; add it"),
    "no owner": ("team: {name: taxis}\n", "", "key 'team.name' is missing; name the team that owns the data"),
    "an owner without a name": ("team: {name: taxis}", "team: {description: x}", "key 'team.name' is missing"),
    "no contact": ('support: [{channel: email, url: "mailto:taxis@example.com"}]\n', "", "key 'support' is missing"),
    "no purpose": ("{purpose: Taxi trips of a test.}", "{usage: x}", "key 'description.purpose' is missing"),
    "no licence": (
        "customProperties: [{property: licence, value: CC0-1.0}]\n",
        "",
        "customProperties.licence' is missing",
    ),
    "an unknown property": ("property: licence", "property: license", "'license'; did you mean 'licence'"),
    "a property that is no text": (
        "value: CC0-1.0",
        "value: 1",
        "key 'customProperties.licence' must be text, found 1",
    ),
    "two sources": (
        "servers: [{",
        "servers: [{server: x, type: local}, {",
        "must have one entry, the source of the dataset",
    ),
    "a source of another kind": ("type: local", "type: kafka", "servers.cab.type' is 'kafka'. Known: local"),
    "a path of its own": ("cab/trips/{key}", "{key}/trips", "servers.cab.path' is '{key}/trips.parquet'; did you mean"),
    "a schema of another name": ("- name: trips", "- name: rides", "key 'schema.0.name' is 'rides'; did you mean"),
    "a column named twice": ("- name: zone", "- name: trip", "column 'trip' is named twice under 'schema'"),
    "a rule named twice": ("id: mostly_known", "id: known", "rule 'zone.known' is named twice under 'schema'"),
    "a column that is no word": ("- name: zone", "- name: my zone", "must be a word of letters, digits and _"),
    "a column that quarantine adds": ("- name: zone", "- name: reason", "and none of reason, partition_key"),
    "a partition column that is no time": (
        "unique: true",
        "partitioned: true",
        "for one column only, a date or a timestamp",
    ),
    "a column without description": ("        description: What it cost.\n", "", "fare_usd.description' is missing"),
    "an unknown type": (
        "physicalType: int32",
        "physicalType: int31",
        "trip.physicalType' is 'int31'; did you mean 'int32'",
    ),
    "two types that do not go together": ("logicalType: integer", "logicalType: string", "'string'. Known: integer"),
    "no classification": (
        "        classification: internal\n",
        "",
        "fare_usd.classification' is missing; add it. Known: conf",
    ),
    "an unknown classification": (
        "classification: restricted",
        "classification: secret",
        "'secret'. Known: confidential",
    ),
    "an unknown moment": (
        "value: outcome",
        "value: outcomes",
        "availableAt' is 'outcomes'; did you mean 'outcome'? Known",
    ),
    "a key that is written twice": (
        "team: {name: taxis}",
        "team: {name: taxis}\nteam: {name: x}",
        "'team' is written twice",
    ),
    "no YAML": ("team: {name", "team: {{name", "is not valid YAML"),
}


@pytest.fixture
def changed(project: Path) -> Callable[[str, str], Path]:
    """Replace the first ``old`` of the contract by ``new`` and return its file."""
    path = project / "data_contracts" / "trips.yaml"

    def change(old: str, new: str) -> Path:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return path

    return change


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_sentence(what, changed):
    old, new, telling = WRONG[what]
    path = changed(old, new)
    (sentence,) = lint_contract(path)

    assert sentence.startswith(str(path))
    assert telling in sentence
    assert "\n" not in sentence
    with pytest.raises(ConfigError) as refused:
        load_contract("trips")
    assert str(refused.value) == sentence


def test_everything_that_is_wrong_is_said_at_once(changed):
    changed("physicalType: int32", "physicalType: int31")
    changed("classification: restricted", "classification: secret")
    path = changed("severity: warn", "severity: warning")
    (sentence,) = lint_contract(path)

    assert all(word in sentence for word in ("'int31'", "'secret'", "'warning'; did you mean 'warn'"))


def test_a_file_that_is_missing_or_holds_no_mapping_is_a_sentence(tmp_path):
    (tmp_path / "list.yaml").write_text("- a\n")

    assert "does not exist" in lint_contract(tmp_path / "none.yaml")[0]
    assert "expected a mapping of keys, found list" in lint_contract(tmp_path / "list.yaml")[0]


def test_required_unique_and_key_columns_become_rules_about_rows(project):
    rules = {rule.id: rule for rule in load_contract("trips").rules}

    assert rules["primary_key"].columns == ("trip", "started_at")
    assert {name for name, rule in rules.items() if rule.kind == "nulls" and rule.severity == "row"} == {
        "trip.required",
        "started_at.required",
        "zone.required",
    }
    assert rules["passenger.unique"].kind == "unique"
