"""A partition fails when too much of it goes to quarantine, or when one kind of rows does."""

import os

import pyarrow as pa
import pytest

from driftgate.contracts import arrow_schema, load_contract, validate_partition
from driftgate.contracts.loss import leaning, too_many
from driftgate.contracts.tally import SliceCount, Tally
from driftgate.errors import ContractBroken
from driftgate.lake import lake, publish

from .conftest import KEY


@pytest.fixture
def limited(project):
    """Trips with a loss limit of 20 percent, whose losses must not lean on a zone."""
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(
        path.read_text()
        .replace(
            "  - {property: licence, value: CC0-1.0}\n",
            "  - {property: licence, value: CC0-1.0}\n  - {property: maxQuarantinedPercent, value: 20}\n"
            "  - {property: slices, value: [zone]}\n",
        )
        .replace("mustBeBetween: [2, 100]", "mustBeGreaterOrEqualTo: 2")
    )
    os.utime(path, ns=(1, 1))
    return load_contract("trips")


def tally(contract, **zones: tuple[int, int]) -> Tally:
    made = Tally(contract, contract.rules)
    made.slices["zone"] = {zone: SliceCount(rows, lost) for zone, (rows, lost) in zones.items()}
    made.rows = sum(rows for rows, _ in zones.values())
    made.quarantined = sum(lost for _, lost in zones.values())
    return made


@pytest.mark.parametrize(
    ("zones", "leans"),
    [
        ({"north": (1000, 5), "south": (100, 30)}, ["south"]),
        ({"north": (1000, 5), "south": (100, 20)}, []),  # not above the limit of 20 percent
        ({"north": (1000, 150), "south": (100, 30)}, []),  # less than three times the others
        ({"north": (1000, 5), "south": (29, 29)}, []),  # too few rows to say
        ({"north": (50, 20)}, []),  # nothing to compare with
        ({"north": (1000, 0), "south": (30, 30), "west": (30, 0)}, ["south"]),
        ({"north": (40, 3), "south": (30, 7)}, []),  # may be chance
    ],
)
def test_a_slice_leans_when_it_loses_significantly_and_materially_more(zones, leans, limited):
    found = leaning(limited, tally(limited, **zones))["zone"]

    assert [sentence.split(":")[0] for sentence in found] == leans


def test_exactly_the_limit_is_allowed(limited):
    assert not too_many(limited, tally(limited, north=(100, 20)))
    assert too_many(limited, tally(limited, north=(100, 21)))


@pytest.fixture
def many(trips):
    """Ingest trips, every fourth in the south, some with a fare that is too high."""

    def make(rows: int, fares: dict):
        start = trips(1)["started_at"][0].as_py()
        columns = {
            "trip": list(range(1, rows + 1)),
            "started_at": [start] * rows,
            "zone": ["south" if row % 4 == 0 else "north" for row in range(rows)],
            "passenger": [None] * rows,
            "fare_usd": [fares.get(row, 10.0) for row in range(rows)],
        }
        table = pa.table(columns, arrow_schema(load_contract("trips")))
        return publish(lake(), f"raw/trips/{KEY}", table, contract="trips@2.1.0")

    return make


def test_above_the_limit_the_partition_fails(limited, many):
    many(100, {row: 900.0 for row in range(25)})
    with pytest.raises(ContractBroken, match=r"loss_limit \(25 of 100 rows\)"):
        validate_partition("trips", KEY)


def test_when_the_losses_lean_the_partition_fails_and_the_slice_is_named(limited, many):
    many(400, {row: 900.0 for row in range(0, 160, 4)})
    with pytest.raises(
        ContractBroken, match=r"loss_leans\.zone \(40 of 400 rows, for example south: 40\.0 % of 100 rows"
    ):
        validate_partition("trips", KEY)


def test_losses_without_a_pattern_below_the_limit_are_no_reason_to_stop(limited, many):
    many(400, {row: 900.0 for row in range(40)})
    report = validate_partition("trips", KEY)

    assert {check.rule: check.passed for check in report.checks}["loss_leans.zone"]
    assert report.critical == ()
