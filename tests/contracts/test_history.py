"""Volume and freshness are judged against earlier days: an odd day does not pass, a short past judges nothing."""

from datetime import date, timedelta

import pytest

from driftgate import uris
from driftgate.contracts import load_contract, validate_partition
from driftgate.contracts.contract import Rule
from driftgate.contracts.history import newest_minute, with_bounds
from driftgate.errors import ContractBroken
from driftgate.lake import lake
from driftgate.validation_report import Check, ValidationReport

from .conftest import KEY

VOLUME = Rule(id="usual_volume", kind="volume", severity="critical")
FRESH = Rule(id="usual_end", kind="freshness", severity="critical", columns=("started_at",))


def report(day: str, rows: int, *, critical: bool = False, minute: int | None = 485) -> ValidationReport:
    check = Check(rule="volume", severity="critical", passed=not critical, judged=rows, broken=0)
    return ValidationReport(
        dataset="trips",
        partition=day,
        contract="trips@2.1.0",
        contract_sha256="ab",
        raw="cd",
        rows_in=rows,
        rows_validated=rows,
        rows_quarantined=0,
        newest_minute=minute,
        checks=(check,),
        failures=(),
    )


def days_before(count: int) -> list[str]:
    return [(date.fromisoformat(KEY) - timedelta(days=back)).isoformat() for back in range(count, 0, -1)]


@pytest.mark.parametrize(
    ("rows", "bounds"),
    [
        ([1000] * 7, (860, 1162)),  # the floor of three percent, five times
        ([900, 950, 1000, 1050, 1100, 1000, 1000], (696, 1436)),
    ],
)
def test_the_bounds_are_the_median_and_its_spread_on_the_logarithmic_scale(rows, bounds):
    earlier = [report(day, count) for day, count in zip(days_before(7), rows, strict=True)]
    rule, note = with_bounds(VOLUME, KEY, earlier)

    assert (rule.minimum, rule.maximum) == bounds
    assert note == "bounds from 7 earlier days"


def test_from_four_weeks_on_a_monday_is_compared_with_mondays():
    earlier = [report(day, 100 if date.fromisoformat(day).weekday() == 0 else 1000) for day in days_before(28)]
    rule, note = with_bounds(VOLUME, KEY, earlier)

    assert date.fromisoformat(KEY).weekday() == 0
    assert (rule.minimum, rule.maximum) == (86, 117)
    assert note == "bounds from 4 earlier days of the same weekday"


def test_freshness_has_a_lower_bound_in_minutes_and_leaves_days_out_that_have_no_time():
    earlier = [report(day, 10, minute=minute) for day, minute in zip(days_before(8), [None, *[1400] * 7], strict=True)]
    rule, note = with_bounds(FRESH, KEY, earlier)

    assert (rule.minimum, rule.maximum) == (1204, None)
    assert note.startswith("bounds from 7")


def test_with_too_short_a_past_nothing_is_judged():
    rule, note = with_bounds(VOLUME, KEY, [report(day, 10) for day in days_before(6)])

    assert rule is None
    assert note == "not judged: there are 6 earlier days, and 7 are needed"


def test_the_newest_value_is_counted_from_the_start_of_the_day_and_a_date_has_none():
    assert newest_minute(KEY, date.fromisoformat(KEY)) is None
    assert newest_minute(KEY, None) is None


@pytest.fixture
def with_history(project, ingested):
    """The contract of trips with both rules, and the reports of seven days of 10 rows until 08:09."""
    path = project / "data_contracts" / "trips.yaml"
    rules = "".join(
        f"      - {{id: usual_{check}, type: custom, engine: driftgate, implementation: {{check: {check}}}, "
        "severity: critical}\n"
        for check in ("volume", "freshness")
    )
    path.write_text(
        path.read_text().replace("    quality:\n      - {id: volume", f"    quality:\n{rules}      - {{id: volume", 1)
    )
    for day in days_before(7):
        lake().write(uris.validation_report("trips", day), report(day, 10, minute=489).canonical())
    return ingested


def checks_of(found: ValidationReport) -> dict[str, Check]:
    return {check.rule: check for check in found.checks}


def test_a_usual_day_passes_and_its_report_names_the_bounds(with_history):
    with_history()
    checks = checks_of(validate_partition("trips", KEY))

    assert (checks["usual_volume"].low, checks["usual_volume"].high) == (8, 12)
    assert (checks["usual_freshness"].low, checks["usual_freshness"].high) == (420, None)
    assert checks["usual_volume"].note == "bounds from 7 earlier days"
    assert "usual_volume" in load_contract("trips").rules[0].id


@pytest.mark.parametrize(("rows", "broken"), [(7, "usual_volume"), (13, "usual_volume")])
def test_an_unusual_number_of_rows_stops_the_partition(rows, broken, with_history):
    with_history(rows)
    with pytest.raises(ContractBroken, match=f"{broken} \\({rows} rows\\)"):
        validate_partition("trips", KEY)


def test_a_torn_partition_that_ends_early_is_stopped(with_history, trips):
    early = trips(1)["started_at"][0].as_py().replace(hour=2)
    with_history(started_at={row: early.replace(minute=row) for row in range(10)})
    with pytest.raises(ContractBroken, match="usual_freshness"):
        validate_partition("trips", KEY)


def test_days_that_a_critical_rule_stopped_are_no_past(with_history):
    with_history()
    for day in days_before(1):
        lake().write(uris.validation_report("trips", day), report(day, 10, critical=True).canonical())

    assert checks_of(validate_partition("trips", KEY))["usual_volume"].note.startswith("not judged: there are 6")


def test_the_same_past_gives_the_same_report(with_history):
    with_history()

    assert validate_partition("trips", KEY).hash == validate_partition("trips", KEY).hash
