"""What names a person is found in columns that do not say so; what merely has digits in it is not."""

import pyarrow as pa
import pytest

from driftgate.catalog import build_catalog
from driftgate.contracts import contract_names
from driftgate.governance.discovery import discover, suspicion
from driftgate.governance.forms import iban, luhn
from driftgate.lake import lake, publish
from driftgate.metadata import metadata
from driftgate.sources import sample

CARDS = ["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"]
IBANS = ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["a@example.com", "write to b.c@mail.example.org please", "d@example.com"], "e-mail address"),
        (CARDS, "payment card number"),
        (IBANS, "bank account number"),
        (["123-45-6789", "078-05-1120", "219-09-9999"], "social security number"),
        (["+49 30 1234567", "(212) 555-0199", "0171/2345678"], "phone number"),
    ],
)
def test_each_form_is_found(values, kind):
    found = suspicion("note", values)
    assert (found.looks_like, found.score) == (kind, 1.0)


@pytest.mark.parametrize(
    "values",
    [
        ["N10156", "N102UW", "N103US"],
        ["2013-04-01", "2013-04-02", "2013-04-03"],
        ["4111 1111 1111 1112", "5500-0000-0000-0005", "1234567890123"],
        ["DE89 3704 0044 0532 0130 01", "GB82WEST12345698765433", "XX00"],
        ["10.5", "0.123456789", "100000000000"],
        ["2013-04-01T08:00:00", "2013-04-01 08:00:00.000000", "08:15"],
        ["a@b", "@", "me@"],
        ["a@example.com", "b@example.com", *(f"word {place}" for place in range(50))],
        [],
    ],
)
def test_what_only_looks_a_little_like_it_is_not(values):
    assert suspicion("note", values) is None


def test_check_digits_are_checked():
    assert all(map(luhn, CARDS))
    assert all(map(iban, IBANS))
    assert not luhn("0000 0000 0000 0000")


def test_a_dataset_is_scanned_and_the_catalogue_says_so(project, rides):
    table = rides("2013-04-01", *(f"p{place}@example.com" for place in range(100)))
    notes = ["fine"] * 60 + [f"call her: c{place}@example.com" for place in range(40)]
    publish(lake(), "validated/rides/2013-04-01", table.set_column(3, "note", pa.array(notes)))

    found = discover("rides")

    (suspected,) = found.suspicions  # the passenger is declared, so it is no discovery
    assert (suspected.column, suspected.looks_like, found.rows) == ("note", "e-mail address", 100)
    columns = {column.name: column.suspected for column in build_catalog().datasets[0].columns}
    assert columns["note"].startswith("e-mail address (")
    assert columns["passenger"] is None
    assert "example.com" not in str(metadata().latest("sensitive_data", "rides").body)
    discover("rides")
    assert metadata().latest("sensitive_data", "rides").revision == 1


def test_a_dataset_without_partitions_has_nothing_to_scan(project):
    assert discover("rides") is None


@pytest.mark.parametrize("dataset", ["flights", "planes", "weather"])
def test_the_shipped_sample_names_nobody(dataset):
    publish(lake(), f"validated/{dataset}/2013-04-01", sample.table_of(dataset, "2013-04-01"))
    assert discover(dataset).suspicions == ()
    assert dataset in contract_names()
