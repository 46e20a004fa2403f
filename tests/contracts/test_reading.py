"""What is wrong with a contract is said with file, key, allowed values and the nearest match."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate.contracts import lint_contract, load_contract
from driftgate.errors import ConfigError

ODD = [None, 0, -1, 1.5, 10**30, float("inf"), True, "", "x", "{key}", [], [1], [None], [[]], {}, {"a": 1}, {1: 2}]

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
    "no licence": ("  - {property: licence, value: CC0-1.0}\n", "", "customProperties.licence' is missing"),
    "no class of data": (
        "  - {property: dataClass, value: operations}\n",
        "",
        "customProperties.dataClass' is missing",
    ),
    "no permissions": (
        "  - {property: permissions, value: {mlUse: true, legalBasis: contract}}\n",
        "",
        "key 'customProperties.permissions' is missing",
    ),
    "permissions that are a text": (
        "{mlUse: true, legalBasis: contract}",
        "granted",
        "must be a mapping, as {mlUse: true, legalBasis: contract}, found 'granted'",
    ),
    "permissions that do not say whether models may learn": ("mlUse: true, ", "", "permissions.mlUse' is missing"),
    "permissions that say it in words": ("mlUse: true", "mlUse: perhaps", "mlUse' must be true or false, found 'perh"),
    "permissions that say it as a number": ("mlUse: true", "mlUse: 1", "mlUse' must be true or false, found 1"),
    "permissions without a legal basis": (", legalBasis: contract", "", "permissions.legalBasis' is missing"),
    "an unknown permission": ("legalBasis", "legalBase", "'legalBase'; did you mean 'legalBasis'"),
    "a consent that is a number": (
        "legalBasis: contract",
        "legalBasis: consent, consentRef: 7",
        "consentRef' must be text, found 7",
    ),
    "a permission that ends on no day": (
        "legalBasis: contract",
        "legalBasis: contract, expires: soon",
        "expires' must be a date, as 2030-01-01, found 'soon'",
    ),
    "no retention": (
        "slaProperties: [{property: retention, value: 90, unit: d}]\n",
        "",
        "slaProperties.retention' is missing",
    ),
    "a retention without a unit": ("value: 90, unit: d", "value: 90", "retention.unit' is missing; add it. Known: d, "),
    "a retention in another unit": ("unit: d", "unit: weeks", "retention.unit' is 'weeks'. Known: d, day, days, y"),
    "a retention of no time": ("value: 90", "value: 0", "must be a whole number from 1 to 36500, found 0"),
    "a retention that is no number": (
        "value: 90",
        "value: long",
        "must be a whole number from 1 to 36500, found 'long",
    ),
    "a retention beyond reason": ("90, unit: d", "101, unit: y", "a whole number from 1 to 36500, found 36865"),
    "a latency before the end": (
        "slaProperties: [",
        "slaProperties: [{property: latency, value: -1, unit: h}, ",
        "slaProperties.latency.value' must be a whole number from 0 to 8760, found -1",
    ),
    "a promise that nobody keeps": (
        "slaProperties: [",
        "slaProperties: [{property: availability, value: 99}, ",
        "slaProperties.property' is 'availability'. Known: latency, retention",
    ),
    "a promise that is made twice": (
        "slaProperties: [",
        "slaProperties: [{property: retention, value: 9, unit: d}, ",
        "has the property 'retention' twice",
    ),
    "a loss limit above everything": (
        "{property: licence, value: CC0-1.0}",
        "{property: licence, value: CC0-1.0}\n  - {property: maxQuarantinedPercent, value: 101}",
        "maxQuarantinedPercent' must be a number from 0 to 100, found 101",
    ),
    "a slice that is no column": (
        "{property: licence, value: CC0-1.0}",
        "{property: licence, value: CC0-1.0}\n  - {property: slices, value: [zones]}",
        "slices' names 'zones', which is no column; did you mean 'zone'",
    ),
    "a slice that would show personal values": (
        "{property: licence, value: CC0-1.0}",
        "{property: licence, value: CC0-1.0}\n  - {property: slices, value: [passenger]}",
        "slices' names 'passenger', whose pii values must not be shown",
    ),
    "slices that are no list": (
        "{property: licence, value: CC0-1.0}",
        "{property: licence, value: CC0-1.0}\n  - {property: slices, value: zone}",
        "slices' must be a list of columns, found 'zone'",
    ),
    "synthetic that is no yes or no": (
        "{property: licence, value: CC0-1.0}",
        "{property: licence, value: CC0-1.0}\n  - {property: synthetic, value: partly}",
        "synthetic' must be true or false, found 'partly'",
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
    "a version that says no step": ("version: 2.1.0", "version: '2.1'", "must be three numbers, as 1.0.0"),
    "a schema of another name": ("- name: trips", "- name: rides", "key 'schema.0.name' is 'rides'; did you mean"),
    "a column named twice": ("- name: zone", "- name: trip", "column 'trip' is named twice under 'schema'"),
    "a column named twice but for its capitals": ("- name: zone", "- name: Trip", "column 'trip' is named twice under"),
    "a rule named twice": ("id: mostly_known", "id: known", "rule 'zone.known' is named twice under 'schema'"),
    "a rule named as one of ours": ("id: volume", "id: loss_limit", "has the name of a check of our own"),
    "a column that is no word": ("- name: zone", "- name: my zone", "must be a word of letters, digits and _"),
    "a column that quarantine adds": ("- name: zone", "- name: _rules", "_report, partition_key"),
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
        "fare_usd.classification' is missing; add it. Known: intern",
    ),
    "an unknown classification": (
        "classification: pii",
        "classification: secret",
        "'secret'. Known: internal, pii, public, sensitive",
    ),
    "personal data without a treatment": (
        "          - {property: treatment, value: keep}\n",
        "",
        "passenger.customProperties.treatment' is missing; a pii column must say one of keep, mask, hash, drop",
    ),
    "personal data without a purpose": (
        "          - {property: purpose, value: Tells the trips of one person apart.}\n",
        "",
        "passenger.customProperties.purpose' is missing; a pii column must say why it is needed at all",
    ),
    "an unknown treatment": ("value: keep", "value: hide", "treatment' is 'hide'. Known: drop, hash, keep, mask"),
    "a masked number": (
        "{property: unit, value: US dollars}",
        "{property: treatment, value: mask}",
        "treatment' is 'mask', which only a column of string can have, found number",
    ),
    "a hashed number that is no integer": (
        "{property: unit, value: US dollars}",
        "{property: treatment, value: hash}",
        "treatment' is 'hash', which only a column of string or integer can have, found number",
    ),
    "a key that is dropped": (
        "customProperties: [{property: availableAt, value: prediction}]\n        quality:\n          - {id: range",
        "customProperties: [{property: availableAt, value: prediction}, {property: treatment, value: drop}]\n"
        "        quality:\n          - {id: range",
        "treatment' is 'drop', which a primaryKey column cannot have",
    ),
    "a key that is masked": (
        "required: true\n        classification: public\n        customProperties: [{property: availableAt",
        "primaryKey: true\n        classification: public\n"
        "        customProperties: [{property: treatment, value: mask}, {property: availableAt",
        "treatment' is 'mask', which a primaryKey column cannot have",
    ),
    "a partition column that is dropped": (
        "partitioned: true\n        classification: public\n        customProperties: [{property: availableAt",
        "partitioned: true\n        classification: public\n"
        "        customProperties: [{property: treatment, value: drop}, {property: availableAt",
        "treatment' is 'drop', which a primaryKey column cannot have",
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
    changed("classification: pii", "classification: secret")
    path = changed("severity: warn", "severity: warning")
    (sentence,) = lint_contract(path)

    assert all(word in sentence for word in ("'int31'", "'secret'", "'warning'; did you mean 'warn'"))


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(where=st.randoms(use_true_random=False), odd=st.sampled_from(ODD))
def test_whatever_stands_anywhere_in_a_contract_lint_answers_in_a_sentence(where, odd, project):
    contract = yaml.safe_load((project / "data_contracts" / "trips.yaml").read_text())
    inside, key = where.choice(list(places(contract)))
    inside[key] = odd
    path = project / "trips.yaml"
    path.write_text(yaml.safe_dump(contract))
    assert all(sentence.startswith(str(path)) and "\n" not in sentence for sentence in lint_contract(path))


def places(node):
    """Yield every place of a tree of dicts and lists, as what holds it and its key."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


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
