"""The page is Great Expectations' own, in one file, and shows neither personal values nor scripts."""

import re

from driftgate.contracts import load_contract, validate_partition
from driftgate.contracts.judge import judge
from driftgate.contracts.page import render_page
from driftgate.lake import lake

from .conftest import KEY, report_of, tally_of


def page() -> str:
    validate_partition("trips", KEY)
    return lake().read(f"reports/validation/trips/{KEY}.html").decode()


def test_the_page_has_an_entry_per_column_and_names_what_is_broken(ingested):
    ingested(zone={2: "west"})
    text = page()

    assert all(column.name in text for column in load_contract("trips").columns)
    assert "values must belong to this set" in text
    assert re.search(r"<td>zone.known</td><td>row</td><td>1</td>\s*<td>west</td>", text)
    assert re.search(r"9 keep the contract, 1 go to\s+quarantine", text)


def test_the_page_needs_no_network_and_runs_no_script(ingested):
    ingested()
    text = page()

    assert "http" not in text
    assert "<script" not in text


def test_a_value_that_looks_like_markup_is_shown_as_text(ingested):
    ingested(zone={2: "<img src=x onerror=alert(1)>"})
    text = page()

    assert "<img" not in text
    assert "&lt;img" in text


def test_values_of_a_masked_column_are_nowhere_in_page_and_report(ingested):
    ingested(passenger={1: "Jane Roe, 555-0100", 2: "dup@example.com", 3: "dup@example.com"})
    text = page()
    report = lake().read(f"reports/validation/trips/{KEY}.json").decode()

    for value in ("Jane", "555-0100", "dup@example.com", "p1@example.com"):
        assert value not in text
        assert value not in report
    assert "***" in text


def test_a_rule_that_could_not_be_evaluated_is_named_as_broken(trips, tmp_path):
    contract = load_contract("trips")
    tally = tally_of(contract, trips(), tmp_path)
    result = judge(contract, tally, KEY)
    result.results = [item for item in result.results if item.expectation_config.meta["rule"] != "zone.known"]
    text = render_page(contract, report_of(contract, trips(), tmp_path, without=("zone.known",)), result).decode()

    assert "<td>zone.known</td><td>critical</td>" in text


def test_the_same_rows_give_the_same_page(ingested):
    ingested(zone={2: "west"})

    assert page() == page()
