"""Rules that judge a partition against earlier ones, and what they need."""

import pytest

from driftgate.contracts import arrow_schema, lint_contract, load_contract, published_schema

VOLUME = "- {id: volume, metric: rowCount, mustBeBetween: [2, 100], severity: critical}"
USUAL = "- {id: usual, type: custom, engine: driftgate, implementation: {check: volume}, severity: warn}"


@pytest.fixture
def ruled(project):
    """Put a rule in the place of the volume rule of trips and return its file."""
    path = project / "data_contracts" / "trips.yaml"

    def write(rule):
        path.write_text(path.read_text().replace(VOLUME, rule))
        return path

    return write


def test_what_is_left_out_has_a_default(ruled):
    ruled(USUAL)
    rule = load_contract("trips").rules[0]
    assert (rule.id, rule.kind, rule.severity, rule.columns) == ("usual", "volume", "warn", ())
    assert (rule.history_days, rule.min_history_days, rule.tolerance) == (28, 7, 5)


def test_freshness_is_judged_by_the_partition_column(ruled):
    given = "{check: freshness, historyDays: 5, tolerance: 8.5}"
    ruled(USUAL.replace("{check: volume}", given).replace("warn", "critical"))
    rule = load_contract("trips").rules[0]
    assert (rule.kind, rule.severity, rule.columns) == ("freshness", "critical", ("started_at",))
    assert (rule.history_days, rule.min_history_days, rule.tolerance) == (5, 5, 8.5)


WRONG = {
    "another engine": (USUAL.replace("driftgate", "soda"), "usual.engine' is 'soda'. Known: driftgate"),
    "no engine": (USUAL.replace("engine: driftgate, ", ""), "usual.engine' is missing; add it. Known: driftgate"),
    "no implementation": (USUAL.replace("implementation: {check: volume}, ", ""), "usual.implementation' is missing"),
    "an implementation in words": (
        USUAL.replace("{check: volume}", "volume"),
        "usual.implementation' must be a mapping, as {check: volume}, found 'volume'",
    ),
    "an unknown check": (USUAL.replace("volume}", "volumes}"), "'volumes'; did you mean 'volume'? Known: fresh"),
    "an unknown setting": (
        USUAL.replace("volume}", "volume, history: 3}"),
        "unknown key 'schema.trips.quality.usual.implementation.history'; did you mean 'historyDays'",
    ),
    "no history": (
        USUAL.replace("volume}", "volume, historyDays: 0}"),
        "historyDays' must be a whole number from 1 to 366, found 0",
    ),
    "half a day of history": (
        USUAL.replace("volume}", "volume, historyDays: 2.5}"),
        "historyDays' must be a whole number from 1 to 366, found 2.5",
    ),
    "more needed than looked at": (
        USUAL.replace("volume}", "volume, historyDays: 5, minHistoryDays: 6}"),
        "minHistoryDays' must be a whole number from 1 to 5, found 6",
    ),
    "no tolerance": (
        USUAL.replace("volume}", "volume, tolerance: 0}"),
        "tolerance' must be a number from 1 to 1000, found 0",
    ),
    "a tolerance without end": (
        USUAL.replace("volume}", "volume, tolerance: .inf}"),
        "tolerance' must be a number from 1 to 1000, found inf",
    ),
    "a rule about rows": (USUAL.replace("warn", "row"), "usual.severity' is 'row'. Known: critical, warn"),
    "a bound besides": (
        USUAL.replace("warn", "warn, mustBe: 3"),
        "usual.mustBe' means nothing to a rule of type custom",
    ),
    "no id": (USUAL.replace("id: usual, ", ""), "key 'schema.quality.None.id' is missing"),
    "another type of rule": (USUAL.replace("custom", "sql"), "usual.type' is 'sql'. Known: custom, library"),
    "an engine of a plain rule": (
        VOLUME.replace("severity", "engine: soda, severity"),
        "volume.engine' goes with type: custom",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_rule_about_history_that_makes_no_sense_is_refused_in_a_sentence(what, ruled):
    rule, telling = WRONG[what]
    (sentence,) = lint_contract(ruled(rule))
    assert telling in sentence
    assert "\n" not in sentence


def test_freshness_without_a_partition_column_is_refused(ruled):
    path = ruled(USUAL.replace("volume", "freshness"))
    path.write_text(path.read_text().replace("        partitioned: true\n", ""))
    (sentence,) = lint_contract(path)
    assert "check' is 'freshness', which needs a partitioned column, a timestamp" in sentence


def test_a_rule_of_a_column_cannot_look_at_history(project):
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(path.read_text().replace("{id: complete, metric", "{id: complete, type: custom, metric"))
    (sentence,) = lint_contract(path)
    assert "fare_usd.quality.complete.type' is 'custom'. Known: library" in sentence


def test_the_published_schema_has_hashes_as_text_and_nothing_that_is_dropped(project):
    path = project / "data_contracts" / "trips.yaml"
    text = path.read_text().replace("value: keep", "value: drop")
    first = "customProperties: [{property: availableAt"
    path.write_text(
        text.replace(first, "customProperties: [{property: treatment, value: hash}, {property: availableAt", 1)
    )
    contract = load_contract("trips")

    assert [column.name for column in contract.treated] == ["trip", "passenger"]
    assert {field.name: str(field.type) for field in published_schema(contract)} == {
        "trip": "string",
        "started_at": "timestamp[us]",
        "zone": "string",
        "fare_usd": "double",
    }
    assert [str(arrow_schema(contract).field(name).type) for name in ("trip", "passenger")] == ["int32", "string"]
    assert contract.masked == {"passenger"}
