"""A value must occur in the validated partition of another dataset."""

import os
from collections.abc import Callable

import pyarrow as pa
import pytest

from driftgate.contracts import publish_partition, validate_partition
from driftgate.errors import SourceMissing
from driftgate.lake import lake, publish

from .conftest import KEY

ZONE = (
    "          - {id: known, metric: invalidValues, arguments: {validValues: [north, south]}, mustBe: 0, "
    "severity: row}\n"
)


@pytest.fixture
def zones(project) -> Callable[[str], None]:
    """Trips whose zone refers to the dataset ``zones``, with a severity."""

    def refer(severity: str) -> None:
        path = project / "data_contracts" / "trips.yaml"
        text = path.read_text()
        assert ZONE in text
        reference = (
            "        relationships:\n"
            "          - {id: listed, to: zones.zone, "
            f"customProperties: [{{property: severity, value: {severity}}}]}}\n"
        )
        (project / "data_contracts" / "zones.yaml").write_text(
            text.replace("name: trips", "name: zones").replace("cab/trips", "cab/zones")
        )
        path.write_text(text.replace("        quality:\n" + ZONE, reference + "        quality:\n" + ZONE))
        os.utime(path, ns=(1, 1))

    return refer


def publish_zones(*names: str) -> None:
    publish(lake(), f"validated/zones/{KEY}", pa.table({"zone": list(names), "other": list(names)}))


def test_a_row_with_a_value_that_the_other_dataset_does_not_know_goes_to_quarantine(zones, ingested):
    zones("row")
    publish_zones("north", "north", "east")
    ingested(zone={2: "south", 5: "south"})
    report = validate_partition("trips", KEY)
    checks = {check.rule: check for check in report.checks}

    assert (checks["zone.listed"].judged, checks["zone.listed"].broken) == (10, 2)
    assert publish_partition("trips", KEY).rows_validated == 8
    page = lake().read(f"reports/validation/trips/{KEY}.html").decode()
    assert "values must occur in" in page
    assert "zones.zone" in page


@pytest.mark.parametrize("severity", ["row", "critical"])
def test_without_the_other_partition_rows_cannot_be_judged(severity, zones, ingested):
    zones(severity)
    ingested()
    with pytest.raises(
        SourceMissing, match=r"rule zone\.listed looks values up in zones\.zone, of which 2013-04-01 is not"
    ):
        validate_partition("trips", KEY)

    assert not lake().exists(f"reports/validation/trips/{KEY}.json")


def test_a_warning_is_not_judged_then_and_its_note_says_so(zones, ingested):
    zones("warn")
    ingested()
    checks = {check.rule: check for check in validate_partition("trips", KEY).checks}

    assert checks["zone.listed"].passed
    assert checks["zone.listed"].note == "not judged: zones.zone is not published for this partition"
