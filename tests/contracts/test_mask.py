"""The mask and Great Expectations are two readings of one contract: they find the same rows, whatever is planted."""

import math
import re
import tempfile
from functools import cache
from pathlib import Path

import great_expectations as gx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations import ExpectColumnValuesToBeInSet
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from driftgate.contracts.contract import Column, Contract, Files, Permissions, Rule
from driftgate.contracts.judge import judge, kept_rules
from driftgate.contracts.mask import PORTABLE
from driftgate.contracts.rows import rows_of
from driftgate.contracts.scan import Scan
from driftgate.contracts.schema import arrow_schema
from driftgate.contracts.suite import RULE, expectation_of
from driftgate.contracts.tally import Tally

TYPES = {"code": "string", "count": "int32", "big": "int64", "amount": "double", "at": "timestamp[us]"}
RULES = [
    Rule(id="code.required", kind="nulls", severity="row", columns=("code",)),
    Rule(id="code.form", kind="pattern", severity="row", columns=("code",), pattern=r"[A-Z]\d|é+"),
    Rule(id="code.line", kind="pattern", severity="warn", columns=("code",), pattern=".*", max_percent=30),
    Rule(id="code.known", kind="values", severity="row", columns=("code",), values=("A1", "B2", "")),
    Rule(id="code.unique", kind="unique", severity="row", columns=("code",)),
    Rule(id="count.range", kind="range", severity="row", columns=("count",), minimum=-3, maximum=3.5),
    Rule(id="count.known", kind="values", severity="row", columns=("count",), values=(1, 2, 3_000_000_000)),
    Rule(id="count.complete", kind="nulls", severity="critical", columns=("count",), max_percent=42),
    Rule(id="big.range", kind="range", severity="row", columns=("big",), minimum=0),
    Rule(id="amount.range", kind="range", severity="row", columns=("amount",), maximum=1.5),
    Rule(id="amount.known", kind="values", severity="warn", columns=("amount",), values=(0, 1.5), max_percent=15),
    Rule(id="amount.unique", kind="unique", severity="warn", columns=("amount",)),
    Rule(id="amount.complete", kind="nulls", severity="warn", columns=("amount",)),
    Rule(id="code.listed", kind="reference", severity="row", columns=("code",), references="codes.code"),
    Rule(id="at.required", kind="nulls", severity="row", columns=("at",)),
    Rule(id="at.newest", kind="freshness", severity="critical", columns=("at",), minimum=1),
    Rule(id="volume", kind="volume", severity="critical", minimum=3, maximum=9),
    Rule(id="key", kind="unique", severity="row", columns=("code", "count", "at")),
]
LISTED = ["A1", "é", ""]
EPOCH = "1970-01-01"
CONTRACT = Contract(
    name="planted",
    version="1.0.0",
    owner="tests",
    contact="tests",
    purpose="tests",
    licence="none",
    source="tests",
    server=Files(location="local", format="parquet", path="tests/planted/{key}.parquet"),
    partition_column="at",
    retention_days=1,
    permissions=Permissions(ml_use=True, legal_basis="none needed"),
    data_class="tests",
    columns=tuple(
        Column(name=name, type=kind, description=name, classification="public", available_at="event")
        for name, kind in TYPES.items()
    ),
    rules=tuple(RULES),
)
ROWS = st.fixed_dictionaries(
    {
        "code": st.sampled_from([None, "", "A1", "B2", "A1\n", "a1", "A\u0661", "é", "x\ny", "<b>"]),
        "count": st.one_of(st.none(), st.integers(-5, 5), st.just(2**31 - 1)),
        "big": st.one_of(st.none(), st.integers(-(2**53), 2**53)),
        "amount": st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, 1.5000001, math.inf, -1e300, math.nan])),
        "at": st.sampled_from([None, 0, 90_000_000]),
    }
)


# Shrinking would ask Great Expectations some thousand times; twelve rows can be read as they are.
QUICK = settings(
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
    database=None,
)


def table_of(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(CONTRACT))


def listed():
    yield pa.record_batch({"code": LISTED})


def scanned(table: pa.Table, batch_rows: int = 5) -> tuple[dict[str, list[int]], Tally]:
    """Return the rows that break each rule, and what was counted."""
    broken: dict[str, list[int]] = {rule.id: [] for rule in RULES}
    tally = Tally(CONTRACT, RULES)
    with tempfile.TemporaryDirectory() as folder:
        known = {"code.listed": listed}
        for batch in Scan(RULES, rows_of(table, batch_rows=batch_rows), Path(folder), known=known):
            tally.add(batch)
            for rule, mask in batch.broken.items():
                broken[rule] += (np.flatnonzero(mask) + batch.first).tolist()
    return broken, tally


@cache
def stock_definition():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("test").add_dataframe_asset("planted")
    expectations = [
        ExpectColumnValuesToBeInSet(column="code", value_set=LISTED, meta={RULE: rule.id})
        if rule.kind == "reference"
        else expectation_of(rule, EPOCH)
        for rule in RULES
    ]
    suite = gx.ExpectationSuite(name="planted", expectations=expectations)
    return asset.add_batch_definition_whole_dataframe("whole"), suite


def stock_results(table: pa.Table) -> dict:
    """Let Great Expectations count for itself, with its own pandas engine: too slow for production."""
    definition, suite = stock_definition()
    wide = [field.with_type(pa.int64()) if field.type == pa.int32() else field for field in table.schema]
    batch = definition.get_batch(batch_parameters={"dataframe": table.cast(pa.schema(wide)).to_pandas()})
    result = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    return {item.expectation_config.meta[RULE]: item for item in result.results}


@settings(QUICK, max_examples=20)
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_great_expectations_counts_what_we_count_and_judges_from_our_counts_as_from_its_own(rows):
    broken, tally = scanned(table_of(rows))
    ours = {item.expectation_config.meta[RULE]: item for item in judge(CONTRACT, tally, EPOCH).results}
    stock = stock_results(table_of(rows))

    assert broken == {rule: sorted(item.result.get("unexpected_index_list", [])) for rule, item in stock.items()}
    assert set(ours) == set(stock) == {rule.id for rule in RULES}
    for rule in RULES:
        assert ours[rule.id].success == stock[rule.id].success, rule.id
        for name, value in ours[rule.id].result.items():
            expected = stock[rule.id].result[name]
            assert isinstance(value, list) or expected == value or (value is None and pd.isna(expected)), (
                rule.id,
                name,
            )
        assert tally.counts[rule.id].broken == stock[rule.id].result.get("unexpected_count", 0), rule.id


@settings(QUICK, max_examples=15)
@given(st.lists(ROWS, max_size=12), st.integers(1, 13))
def test_the_size_of_a_batch_makes_no_difference(rows, size):
    broken, tally = scanned(table_of(rows), size)
    whole, counted = scanned(table_of(rows), 100)

    assert broken == whole
    assert tally.counts == counted.counts
    assert (tally.rows, tally.quarantined, tally.newest) == (counted.rows, counted.quarantined, counted.newest)


@settings(QUICK, max_examples=200)
@given(
    st.sampled_from([r"[A-Z]\d{2}", r"[^@ ]+@[^@ ]+", r"a.c", r"[\d.-]+", r"\(x\)*", r"N[0-9A-Z]{2,5}", "a$b", "[.$]"]),
    st.lists(st.text("ABN019ac@ .$-()x\n\x1c", max_size=5), min_size=1, max_size=30),
)
def test_a_portable_pattern_means_the_same_to_the_fast_engine(pattern, values):
    rule = Rule(id="form", kind="pattern", severity="row", columns=("code",), pattern=pattern)
    # Padding with different values makes the fast engine worth its while.
    table = table_of([dict.fromkeys(TYPES) | {"code": value} for value in [*(f"#{n}" for n in range(600)), *values]])
    with tempfile.TemporaryDirectory() as folder:
        (batch,) = Scan([rule], rows_of(table), Path(folder))
    mask = batch.broken["form"][600:].tolist()

    if PORTABLE.fullmatch(pattern):
        assert mask == [re.fullmatch(pattern, value) is None for value in values]


def test_most_patterns_of_real_contracts_are_portable_and_tricky_ones_are_not():
    assert all(
        PORTABLE.fullmatch(form) for form in (r"[A-Z0-9]{2}", r"N[0-9A-Z]{2,5}", r"[^@ ]+@[^@ ]+\.[a-z]{2,}", "x?")
    )
    assert not any(
        PORTABLE.fullmatch(form) for form in (r"\s", r"\w+", "a|b", "é+", "a{,3}", r"(?:a)", "[[:alpha:]]", "a$")
    )


@pytest.mark.parametrize(("broken", "passed"), [(42, True), (43, False)])
def test_exactly_the_allowed_share_still_passes(broken, passed):
    row = {"code": "A1", "count": 1, "big": 1, "amount": 0.0, "at": 0}
    table = table_of([{**row, "count": None}] * broken + [row] * (100 - broken))
    _, tally = scanned(table)

    assert kept_rules(judge(CONTRACT, tally, EPOCH))["count.complete"] is passed


def test_of_rows_with_equal_keys_every_one_is_broken_and_a_missing_part_makes_no_key():
    row = {"code": "A1", "count": 1, "big": 1, "amount": 0.0, "at": 0}
    table = table_of([row, {**row, "at": 1}, row, {**row, "count": None}, {**row, "count": None}])

    assert scanned(table)[0]["key"] == [0, 2]


def test_keys_with_equal_hashes_are_still_told_apart(monkeypatch):
    from driftgate.contracts import keys

    hashes = keys._hashes

    def colliding(connection, rows, columns):
        found, known = hashes(connection, rows, columns)
        return np.zeros_like(found), known

    monkeypatch.setattr(keys, "_hashes", colliding)
    row = {"code": "A1", "count": 1, "big": 1, "amount": 0.0, "at": 0}

    assert scanned(table_of([row, {**row, "at": 1}, {**row, "count": None}, row]))[0]["key"] == [0, 3]


def test_a_pattern_describes_the_whole_value():
    table = table_of([dict.fromkeys(TYPES) | {"code": code} for code in ("A1", "xA1", "A1x", "A1\n", None)])

    assert scanned(table)[0]["code.form"] == [1, 2, 3]


def test_a_column_without_a_value_breaks_nothing_but_being_required():
    broken, _ = scanned(table_of([dict.fromkeys(TYPES)] * 3))

    assert {rule for rule, rows in broken.items() if rows} == {
        "code.required",
        "count.complete",
        "amount.complete",
        "at.required",
    }


def test_the_expectation_about_another_dataset_says_which_and_lists_no_values():
    rule = next(rule for rule in RULES if rule.kind == "reference")
    (content,) = expectation_of(rule)._prescriptive_renderer(configuration=expectation_of(rule).configuration)

    assert "$references" in content.string_template["template"]
    assert content.string_template["params"]["references"] == "codes.code"
