"""The mask and Great Expectations are two readings of one contract: they find the same rows, whatever is planted."""

from functools import cache

import great_expectations as gx
import numpy as np
import pyarrow as pa
import pytest
from great_expectations.data_context.types.base import ProgressBarsConfig
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from driftgate.contracts.contract import Column, Contract, Files, Permissions, Rule
from driftgate.contracts.judge import judge, judgements, to_frame
from driftgate.contracts.mask import broken_rows
from driftgate.contracts.schema import arrow_schema
from driftgate.contracts.suite import RULE, expectation_suite

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
    Rule(id="at.required", kind="nulls", severity="row", columns=("at",)),
    Rule(id="key", kind="unique", severity="row", columns=("code", "count", "at")),
]
CONTRACT = Contract(
    name="planted",
    version="1.0.0",
    owner="tests",
    contact="tests",
    purpose="tests",
    licence="none",
    source="tests",
    server=Files(location="local", format="parquet", path="tests/planted/{key}.parquet"),
    partition_column=None,
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
        "amount": st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, 1.5000001, float("inf"), -1e300])),
        "at": st.sampled_from([None, 0, 1]),
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


@cache
def _batch_definition():
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("test").add_dataframe_asset("planted")
    return asset.add_batch_definition_whole_dataframe("whole"), expectation_suite(CONTRACT)


def rows_that_break_an_expectation(table: pa.Table) -> dict[str, list[int]]:
    """Ask Great Expectations for every row, which is too slow for production."""
    batch_definition, suite = _batch_definition()
    batch = batch_definition.get_batch(batch_parameters={"dataframe": to_frame(table)})
    result = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    return {item.expectation_config.meta[RULE]: item.result["unexpected_index_list"] for item in result.results}


def table_of(rows: list[dict]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(CONTRACT))


@settings(QUICK, max_examples=40)
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_a_row_breaks_an_expectation_if_and_only_if_the_mask_says_so(rows):
    table = table_of(rows)
    by_mask = {rule.id: np.flatnonzero(broken_rows(rule, table)).tolist() for rule in RULES}

    assert by_mask == {rule: sorted(found) for rule, found in rows_that_break_an_expectation(table).items()}


@settings(QUICK, max_examples=15)
@given(st.lists(ROWS, min_size=1, max_size=12))
def test_the_judgement_counts_what_the_mask_counts_and_allows_the_share_of_the_contract(rows):
    table = table_of(rows)
    judged = judgements(judge(CONTRACT, table))

    assert set(judged) == {rule.id for rule in RULES}
    for rule in RULES:
        broken = int(broken_rows(rule, table).sum())
        known = table.select(rule.columns).drop_null().num_rows if rule.kind != "nulls" else table.num_rows
        assert judged[rule.id].broken == broken, rule.id
        assert judged[rule.id].judged == known, rule.id
        assert judged[rule.id].passed == (100 * broken <= rule.max_percent * known), rule.id


@pytest.mark.parametrize(("broken", "passed"), [(42, True), (43, False)])
def test_exactly_the_allowed_share_still_passes(broken, passed):
    row = {"code": "A1", "count": 1, "big": 1, "amount": 0.0, "at": 0}
    table = table_of([{**row, "count": None}] * broken + [row] * (100 - broken))

    assert judgements(judge(CONTRACT, table))["count.complete"].passed is passed


def test_of_rows_with_equal_keys_every_one_is_broken_and_a_missing_part_makes_no_key():
    row = {"code": "A1", "count": 1, "big": 1, "amount": 0.0, "at": 0}
    table = table_of([row, {**row, "at": 1}, row, {**row, "count": None}, {**row, "count": None}])
    key = next(rule for rule in RULES if rule.id == "key")

    assert broken_rows(key, table).tolist() == [True, False, True, False, False]


def test_a_pattern_describes_the_whole_value():
    form = next(rule for rule in RULES if rule.id == "code.form")
    table = table_of([dict.fromkeys(TYPES) | {"code": code} for code in ("A1", "xA1", "A1x", "A1\n", None)])

    assert broken_rows(form, table).tolist() == [False, True, True, True, False]


def test_a_column_without_a_value_breaks_nothing_but_being_required():
    table = table_of([dict.fromkeys(TYPES)] * 3)

    assert {rule.id for rule in RULES if broken_rows(rule, table).any()} == {
        "code.required",
        "count.complete",
        "at.required",
    }
