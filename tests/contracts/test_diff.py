"""What a change of a contract asks for, and whether its version announces it."""

from datetime import date

import pytest

from driftgate.contracts import Column, Contract, Files, Rule, load_contract
from driftgate.contracts.diff import POLICY, diff, missing_step

NEW_COLUMN = Column(name="tip_usd", type="double", description="Tip.", classification="public", available_at="outcome")


def head(**changes):
    return lambda contract: contract.model_copy(update=changes)


def column(name, /, **changes):
    """Change the column ``name``."""

    def change(contract: Contract) -> Contract:
        columns = [item.model_copy(update=changes) if item.name == name else item for item in contract.columns]
        return contract.model_copy(update={"columns": tuple(columns)})

    return change


def without_column(name):
    return lambda contract: contract.model_copy(
        update={
            "columns": tuple(item for item in contract.columns if item.name != name),
            "rules": tuple(rule for rule in contract.rules if name not in rule.columns),
        }
    )


def rule(name, /, **changes):
    """Change the rule ``name``."""

    def change(contract: Contract) -> Contract:
        assert name in {item.id for item in contract.rules}
        rules = [item.model_copy(update=changes) if item.id == name else item for item in contract.rules]
        return contract.model_copy(update={"rules": tuple(rules)})

    return change


def more(new_rule):
    return lambda contract: contract.model_copy(update={"rules": (*contract.rules, new_rule)})


def less(name):
    return lambda contract: contract.model_copy(
        update={"rules": tuple(item for item in contract.rules if item.id != name)}
    )


def required(name, severity="row"):
    return Rule(id=f"{name}.required", kind="nulls", severity=severity, columns=(name,))


def permissions(contract, **changes):
    return contract.model_copy(update={"permissions": contract.permissions.model_copy(update=changes)})


RANGE = "fare_usd.range"
CHANGES = {
    "a column is removed": (without_column("passenger"), "column removed", "Column 'passenger' is gone."),
    "a column is renamed": (column("zone", name="area"), "column renamed", "Column 'zone' is now called 'area'."),
    "a column is added": (
        lambda contract: contract.model_copy(update={"columns": (*contract.columns, NEW_COLUMN)}),
        "column added",
        "Column 'tip_usd' is new; earlier partitions lack it.",
    ),
    "columns change places": (
        lambda contract: contract.model_copy(update={"columns": contract.columns[::-1]}),
        "columns reordered",
        "another order",
    ),
    "a type": (column("trip", type="int64"), "type changed", "Column 'trip': type is now 'int64', was 'int32'."),
    "a unit": (column("fare_usd", unit="euros"), "unit changed", "unit is now 'euros', was 'US dollars'"),
    "a unit that was not given": (column("trip", unit="trips"), "documentation", "now 'trips', was not given"),
    "a treatment": (column("passenger", treatment="hash"), "treatment changed", "now 'hash', was 'keep'"),
    "a value that is known later": (column("zone", available_at="outcome"), "known later", "now 'outcome'"),
    "a value that is known with the event": (column("zone", available_at="event"), "known later", "now 'event'"),
    "a value that is known earlier": (column("fare_usd", available_at="event"), "known earlier", "was 'outcome'"),
    "a class that is raised": (column("zone", classification="pii"), "classification raised", "now 'pii'"),
    "a class that is lowered": (column("fare_usd", classification="public"), "classification lowered", "now 'public'"),
    "a description": (column("zone", description="Where."), "documentation", "now 'Where.', was 'Where it began.'"),
    "a purpose of a column": (
        column("zone", purpose="Fares differ."),
        "documentation",
        "purpose is now 'Fares differ.'",
    ),
    "the purpose": (head(purpose="Something."), "documentation", "purpose is now 'Something.'"),
    "the owner": (head(owner="buses"), "documentation", "owner is now 'buses', was 'taxis'."),
    "the licence": (head(licence="ODbL-1.0"), "licence changed", "licence is now 'ODbL-1.0', was 'CC0-1.0'."),
    "rows that are made up": (head(synthetic=True), "meaning changed", "synthetic is now True"),
    "the partition column": (
        head(partition_column=None),
        "partition column changed",
        "now not given, was 'started_at'",
    ),
    "the source": (
        head(server=Files(location="local", format="csv", path="cab/{key}.csv")),
        "source changed",
        "'format': 'csv'",
    ),
    "a longer retention": (head(retention_days=91), "kept longer", "retention_days is now 91, was 90."),
    "a shorter retention": (head(retention_days=89), "kept shorter", "now 89, was 90"),
    "a later delivery": (head(latency_hours=6), "delivered later", "latency_hours is now 6, was 0."),
    "no more learning": (lambda one: permissions(one, ml_use=False), "ML use forbidden", "'ml_use': False"),
    "an end of the permission": (lambda one: permissions(one, expires=date(2030, 1, 1)), "documentation", "2030-01-01"),
    "a loss limit": (head(max_quarantined_percent=5.0), "rule tightened", "now 5.0, was not given"),
    "a slice": (head(slices=("zone",)), "rule tightened", "slices is now ('zone',), was not given"),
    "a new rule": (
        more(Rule(id="zone.form", kind="pattern", severity="row", columns=("zone",), pattern="[a-z]+")),
        "rule tightened",
        "Rule 'zone.form' is new: known values of zone must be of the form [a-z]+, else the row goes to quarantine.",
    ),
    "a new rule that warns": (
        more(Rule(id="usual", kind="volume", severity="warn")),
        "report changed",
        "Rule 'usual' is new: the number of rows must be as usual (within 5 robust deviations of the median of the "
        "last 28 days, once there are 7), else it is reported.",
    ),
    "a rule that is gone": (less(RANGE), "rule loosened", "Rule 'fare_usd.range' is gone: known values of fare_usd"),
    "a column that becomes required": (
        more(required("fare_usd")),
        "required added",
        "Rule 'fare_usd.required' is new: fare_usd must not be missing",
    ),
    "a column that need not be known": (less("zone.required"), "rule loosened", "'zone.required' is gone"),
    "another key": (rule("primary_key", columns=("trip",)), "key changed", "now: trip must be unique, else"),
    "no key": (less("primary_key"), "key changed", "trip, started_at together must be unique"),
    "a narrower range": (rule(RANGE, maximum=400), "rule tightened", "must be from 0 to 400, else the row goes to qua"),
    "a wider range": (rule(RANGE, maximum=None), "rule loosened", "must be at least 0, else"),
    "a range that moves": (rule(RANGE, minimum=-5, maximum=400), "rule tightened", "must be from -5 to 400"),
    "a value less": (rule("zone.known", values=("north",)), "rule tightened", "must be one of north, else"),
    "a value more": (rule("zone.known", values=("north", "south", "up")), "rule loosened", "one of north, south, up"),
    "another pattern": (rule("passenger.form", pattern=".*"), "rule tightened", "of the form .*, else"),
    "a smaller share": (
        rule("zone.mostly_known", max_percent=30),
        "rule tightened",
        "at most 30 % are not, else the p",
    ),
    "a larger share": (rule("zone.mostly_known", max_percent=50), "rule loosened", "at most 50 % are not"),
    "a graver rule": (rule(RANGE, severity="critical"), "rule tightened", "else the partition fails; was"),
    "a milder rule": (rule(RANGE, severity="warn"), "report changed", "else it is reported; was"),
    "a rule that only warns": (
        rule("fare_usd.complete", max_percent=1),
        "report changed",
        "at most 1 % of fare_usd may",
    ),
    "a remark": (rule(RANGE, description="none"), "documentation", "Rule 'fare_usd.range' is now"),
}
BACK = {"ML use allowed": "no more learning", "delivered earlier": "a later delivery"}


@pytest.fixture
def trips(project) -> Contract:
    return load_contract("trips")


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_named_with_what_it_asks_for(what, trips):
    change, expected, telling = CHANGES[what]
    (found,) = diff(trips, change(trips))
    assert (found.what, found.kind) == (expected, POLICY[expected])
    assert telling in found.sentence


@pytest.mark.parametrize("what", BACK)
def test_the_way_back_is_judged_by_itself(what, trips):
    (found,) = diff(CHANGES[BACK[what]][0](trips), trips)
    assert found.what == what


def test_every_line_of_the_policy_is_tried_above():
    assert {expected for _, expected, _ in CHANGES.values()} | BACK.keys() == POLICY.keys()


@pytest.mark.parametrize(
    ("kind", "whats"),
    [
        ("breaking", {"column removed", "column renamed", "type changed", "required added", "known later"}),
        ("needs-backfill", {"rule tightened", "column added"}),
        ("compatible", {"documentation", "report changed", "rule loosened", "classification raised"}),
    ],
)
def test_the_policy_says_what_the_team_agreed_on(kind, whats):
    assert {POLICY[what] for what in whats} == {kind}


def test_equal_contracts_do_not_differ(trips):
    assert diff(trips, trips) == ()


def test_a_raised_class_with_another_treatment_breaks_what_reads_the_values(trips):
    changed = column("zone", classification="pii", treatment="mask", purpose="Fares differ.")(trips)
    assert [found.kind for found in diff(trips, changed)] == ["breaking", "compatible", "compatible"]


def test_the_worst_change_comes_first_and_knows_its_column(trips):
    changed = column("zone", description="Where.")(head(owner="buses")(without_column("passenger")(trips)))
    assert [(found.kind, found.column) for found in diff(trips, changed)] == [
        ("breaking", "passenger"),
        ("compatible", "zone"),
        ("compatible", None),
    ]


@pytest.mark.parametrize(
    ("what", "version", "expected"),
    [
        ("a column is removed", "3.0.0", None),
        (
            "a column is removed",
            "2.2.0",
            "needs a major step of its version, to 3.0.0 or above, for a change is breaking",
        ),
        ("a new rule", "2.2.0", None),
        ("a new rule", "3.0.0", None),
        ("a new rule", "2.1.1", "needs a minor step of its version, to 2.2.0 or above, for a change is needs-backfill"),
        ("a new rule", "2.1.0", "trips 2.1.0 → 2.1.0 needs a minor step"),
        ("a description", "2.1.0", None),
        ("a description", "2.1.1", None),
        ("a description", "2.0.9", "trips goes back from version 2.1.0 to 2.0.9; versions only rise."),
    ],
)
def test_a_version_announces_the_worst_change(what, version, expected, trips):
    changed = CHANGES[what][0](trips).model_copy(update={"version": version})
    found = missing_step(trips, changed)
    assert found is None if expected is None else expected in found


def test_versions_are_compared_as_numbers(trips):
    changed = CHANGES["a column is removed"][0](trips)
    nine, ten = head(version="9.0.0")(trips), head(version="10.0.0")(changed)
    assert missing_step(nine, ten) is None
