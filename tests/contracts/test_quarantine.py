"""A person lets rows pass or leaves them out: recorded, published again, and kept when the rows come again."""

import pytest

from driftgate.contracts import (
    decide,
    decisions_on,
    list_quarantine,
    publish_partition,
    read_report,
    record_issues,
    show_quarantine,
    validate_partition,
)
from driftgate.contracts.issues import issues
from driftgate.errors import ConfigError, ContractBroken
from driftgate.lake import as_of, lake, manifest_of, read_manifest, read_table, revisions
from driftgate.lineage import read_stream
from driftgate.records import canonical_json

from .conftest import KEY

VALIDATED = f"validated/trips/{KEY}"
WHY = {"reason": "The zone exists since Monday.", "by": "jane"}


@pytest.fixture
def published(ingested):
    """Ingest, judge and publish trips with planted values."""

    def make(rows: int = 10, **planted):
        raw = ingested(rows, **planted)
        validate_partition("trips", KEY)
        return raw, publish_partition("trips", KEY)

    return make


def zones() -> list[str]:
    return read_table(lake(), read_manifest(lake(), VALIDATED))["zone"].to_pylist()


def test_a_released_row_is_among_the_validated_ones_in_its_place_and_the_old_revision_stays(published):
    _, before = published(zone={2: "west", 5: "east"})
    done = decide("release", "trips", KEY, rows=[2], **WHY)

    assert (done.rows, done.left) == (1, 0)
    assert zones() == ["north"] * 2 + ["west"] + ["north"] * 6
    assert read_table(lake(), done.published.quarantined)["zone"].to_pylist() == ["east"]
    first, second = revisions(lake(), VALIDATED)
    assert first.manifest == before.manifest.hash
    assert "west" not in read_table(lake(), manifest_of(lake(), VALIDATED, first.manifest))["zone"].to_pylist()
    (decision,) = decisions_on("trips", KEY)
    assert second.known_at == decision.at > first.known_at
    assert as_of(lake(), VALIDATED, first.known_at) == first
    assert (decision.reason, decision.by, [row.number for row in decision.rows]) == (WHY["reason"], "jane", [2])


def test_a_decision_is_in_the_lineage_of_the_source(published):
    raw, _ = published(zone={2: "west"})
    done = decide("release", "trips", KEY, rows=[2], **WHY)
    (record,) = read_stream("cab")

    assert record.event["job"]["name"] == "quarantine.release"
    assert [item["name"] for item in record.event["outputs"]] == [VALIDATED]
    assert raw.hash in str(record.event["inputs"])
    assert done.published.manifest.hash in str(record.event["outputs"])


def test_the_rows_of_a_rule_are_released_but_not_those_that_break_another_one_too(published):
    published(zone={2: "west", 5: "west"}, fare_usd={5: -1.0, 6: -1.0})
    done = decide("release", "trips", KEY, rule="zone.known", **WHY)

    assert (done.rows, done.left, done.published.rows_quarantined) == (1, 1, 2)


def test_the_same_again_changes_nothing(published):
    published(zone={2: "west"})
    first = decide("release", "trips", KEY, rows=[2], **WHY)
    again = decide("release", "trips", KEY, rows=[2], **WHY)

    assert (again.rows, again.published) == (0, first.published)
    assert len(decisions_on("trips", KEY)) == 1
    assert len(revisions(lake(), VALIDATED)) == 2


def test_a_decision_that_was_recorded_only_is_finished_by_the_next_run(published, monkeypatch):
    published(zone={2: "west"})
    monkeypatch.setattr("driftgate.contracts.quarantine.validate_partition", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        decide("release", "trips", KEY, rows=[2], **WHY)
    with pytest.raises(ContractBroken, match="other decisions than those of trips"):
        publish_partition("trips", KEY)
    validate_partition("trips", KEY)

    assert publish_partition("trips", KEY).rows_quarantined == 0


def test_the_same_delivery_ingested_again_keeps_the_decisions(published):
    published(zone={2: "west"})
    decide("release", "trips", KEY, rows=[2], **WHY)
    _, again = published(zone={2: "west"})

    assert again.rows_quarantined == 0


def test_a_corrected_delivery_keeps_releases_of_rows_that_it_still_has_and_says_how_many_are_lost(
    published, trips, ingested
):
    published(zone={2: "west", 5: "east"})
    decide("release", "trips", KEY, **WHY)
    ingested(zone={2: "west", 5: "eastern"})
    report = validate_partition("trips", KEY)

    assert (report.released, report.releases_lost, report.rows_quarantined) == (1, 1, 1)
    assert publish_partition("trips", KEY).rows_quarantined == 1
    assert "west" in zones()


def test_a_corrected_delivery_keeps_what_was_discarded_and_the_last_decision_counts(published, ingested):
    published(zone={2: "west", 5: "east"})
    decide("discard", "trips", KEY, rows=[2], **WHY)
    decide("release", "trips", KEY, rows=[5], **WHY)
    published(zone={2: "west", 5: "east"}, fare_usd={9: 11.0})
    assert [(held.rows, held.open) for held in list_quarantine("trips")] == [(1, 0)]
    decide("discard", "trips", KEY, rows=[5], **WHY)
    published(zone={2: "west", 5: "east"}, fare_usd={9: 12.0})

    assert [(held.rows, held.open) for held in list_quarantine("trips")] == [(2, 0)]


def test_what_was_decided_is_in_the_log_of_issues(published):
    published(zone={2: "west", 5: "east"})
    decide("release", "trips", KEY, rows=[2], **WHY)
    (half,) = issues("trips")
    decide("discard", "trips", KEY, rows=[5], **WHY)
    (rest,) = issues("trips")
    decide("release", "trips", KEY, rows=[5], **WHY)
    (whole,) = issues("trips")

    assert [one.decision for one in (half, rest, whole)] == ["rows quarantined", "rows discarded", "rows released"]
    assert len({one.decisions for one in (half, rest, whole)} - {None}) == 3
    assert rest.where == f"quarantine/trips/{KEY}"
    assert record_issues("trips", KEY) == []


def test_of_equal_rows_as_many_are_released_as_were(published, ingested, trips):
    row = {"trip": 1, "started_at": trips(1)["started_at"][0].as_py(), "passenger": None, "zone": "west"}
    published(**{name: {0: value, 1: value} for name, value in row.items()})
    decide("release", "trips", KEY, rows=[0], **WHY)
    ingested(**{name: dict.fromkeys((0, 1), value) for name, value in row.items()}, fare_usd={9: 11.0})

    assert validate_partition("trips", KEY).released == 1


def test_discarded_rows_stay_out_and_are_open_no_more(published):
    published(zone={2: "west", 5: "east"})
    (before,) = list_quarantine("trips")
    done = decide("discard", "trips", KEY, rows=[2], **WHY)
    (after,) = list_quarantine()

    assert (before.rows, before.open, before.rules) == (2, 2, {"zone.known": 2})
    assert (after.rows, after.open) == (2, 1)
    assert done.published.rows_quarantined == 2
    assert decide("release", "trips", KEY, **WHY).rows == 1
    assert zones().count("west") == 0


def test_a_report_of_before_that_counted_no_open_rows_hides_none(published):
    published(zone={2: "west"})
    path = f"reports/validation/trips/{KEY}.json"
    older = read_report("trips", KEY).model_dump(mode="json", exclude={"open"}) | {"schema_version": 2}
    lake().write(path, canonical_json(older))

    assert [held.open for held in list_quarantine("trips")] == [1]


def test_a_release_can_be_taken_back(published):
    published(zone={2: "west"})
    decide("release", "trips", KEY, rows=[2], **WHY)
    done = decide("discard", "trips", KEY, rows=[2], **WHY)

    assert done.published.rows_quarantined == 1
    assert "west" not in zones()


def test_a_partition_of_which_nothing_was_left_is_published_after_a_release(ingested):
    ingested(fare_usd={row: 900.0 for row in range(10)})
    with pytest.raises(ContractBroken, match="something_left"):
        validate_partition("trips", KEY)
    (held,) = list_quarantine("trips")

    assert held.stopped == ("something_left",)
    assert decide("release", "trips", KEY, rule="fare_usd.range", **WHY).published.rows_validated == 10


def test_a_critical_rule_is_not_released(published, ingested):
    published()
    ingested(zone={row: "west" for row in range(5)})
    with pytest.raises(ContractBroken, match=r"zone\.mostly_known"):
        decide("release", "trips", KEY, **WHY)

    assert zones() == ["north"] * 10


def test_what_is_shown_has_rules_and_values_and_nothing_personal(published):
    published(zone={2: "west"}, passenger={7: "Jane Roe"})
    shown = show_quarantine("trips", KEY)

    assert [(row["_row"], row["_rules"], row["_observed"]) for row in shown] == [
        (2, ["zone.known"], ["west"]),
        (7, ["passenger.form"], ["***"]),
    ]
    assert {row["passenger"] for row in shown} == {"***"}
    assert len(show_quarantine("trips", KEY, most=1)) == 1


@pytest.mark.parametrize(
    ("asked", "telling"),
    [
        ({"rows": [3], **WHY}, r"Row 3 of trips 2013-04-01 is not in quarantine"),
        ({"rule": "zone.know", **WHY}, r"has no rule 'zone.know' for rows; did you mean 'zone.known'\?"),
        ({"rule": "zone.known", "rows": [2], **WHY}, "not by both"),
        ({"reason": " ", "by": "jane"}, "takes a reason and a name"),
        ({"reason": "because", "by": ""}, "takes a reason and a name"),
    ],
)
def test_what_makes_no_sense_is_refused_and_recorded_nowhere(asked, telling, published):
    published(zone={2: "west"})
    with pytest.raises(ConfigError, match=telling):
        decide("release", "trips", KEY, **asked)

    assert decisions_on("trips", KEY) == []


def test_too_many_rows_for_one_decision_are_refused(published, monkeypatch):
    monkeypatch.setattr("driftgate.contracts.selection.MOST_ROWS", 2)
    published(zone={2: "west", 3: "west", 4: "west"})
    with pytest.raises(ConfigError, match="More than 2 rows of trips 2013-04-01 were chosen"):
        decide("release", "trips", KEY, **WHY)
