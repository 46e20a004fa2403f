"""For any table and any contract: every row is on one side, in its order, for reasons that plain Python agrees with."""

import math
import re
import tempfile
from collections import Counter
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate.contracts.contract import Column, Contract, Files, Permissions, Rule
from driftgate.contracts.judge import judge, kept_rules
from driftgate.contracts.reporting import Circumstances, make_report
from driftgate.contracts.rows import rows_of
from driftgate.contracts.scan import Scan
from driftgate.contracts.schema import arrow_schema
from driftgate.contracts.split import Splitter
from driftgate.contracts.tally import Tally
from driftgate.lake import Manifest

from .conftest import KEY

TYPES = {"code": "string", "count": "int32", "amount": "double"}
VALUES = {
    "code": st.none() | st.sampled_from(["A1", "B2", "secret-one", "secret-two", "", "é"]),
    "count": st.none() | st.integers(-3, 3),
    "amount": st.none() | st.sampled_from([0.0, -0.0, 1.5, -7.25, math.nan, math.inf]),
}
KINDS = {
    "nulls": st.builds(lambda name: {"columns": (name,)}, st.sampled_from(list(TYPES))),
    "unique": st.builds(
        lambda names: {"columns": tuple(sorted(names))}, st.sets(st.sampled_from(list(TYPES)), min_size=1)
    ),
    "pattern": st.builds(lambda form: {"columns": ("code",), "pattern": form}, st.sampled_from([r"[A-Z]\d", ".*e.*"])),
    "values": st.builds(
        lambda values: {"columns": ("count",), "values": tuple(values)}, st.sets(st.integers(-3, 3), min_size=1)
    ),
    "range": st.builds(
        lambda low, more: {"columns": ("amount",), "minimum": low, "maximum": low + more},
        st.integers(-8, 2),
        st.integers(0, 9),
    ),
}
RULES = st.lists(
    st.sampled_from(list(KINDS)).flatmap(
        lambda kind: st.tuples(st.just(kind), KINDS[kind], st.sampled_from(["row", "row", "warn", "critical"]))
    ),
    max_size=6,
)
ROW = st.fixed_dictionaries(VALUES).map(lambda row: {name: row[name] for name in TYPES})
ROWS = st.lists(ROW, max_size=15)
QUICK = settings(
    max_examples=30, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


def contract_of(rules: list) -> Contract:
    return Contract(
        name="any",
        version="1.0.0",
        owner="tests",
        contact="tests",
        purpose="tests",
        licence="none",
        source="tests",
        server=Files(location="local", format="parquet", path="tests/any/{key}.parquet"),
        partition_column=None,
        retention_days=1,
        permissions=Permissions(ml_use=True, legal_basis="none needed"),
        data_class="tests",
        columns=tuple(
            Column(
                name=name,
                type=kind,
                description=name,
                classification="pii" if name == "code" else "public",
                available_at="event",
            )
            for name, kind in TYPES.items()
        ),
        rules=tuple(
            Rule(id=f"{kind}.{place}", kind=kind, severity=severity, **promise)
            for place, (kind, promise, severity) in enumerate(rules)
        ),
    )


def missing(value: object) -> bool:
    return value is None or value != value  # NaN is not equal to itself


def broken_by(rule: Rule, rows: list[dict]) -> set[int]:
    """Say in plain Python which rows break a rule."""
    keys = [tuple(row[name] for name in rule.columns) for row in rows]
    if rule.kind == "nulls":
        return {place for place, (value,) in enumerate(keys) if missing(value)}
    known = {place: key for place, key in enumerate(keys) if not any(map(missing, key))}
    counts = Counter(known.values())
    breaks = {
        "unique": lambda key: counts[key] > 1,
        "pattern": lambda key: not re.fullmatch(str(rule.pattern), key[0]),
        "values": lambda key: key[0] not in rule.values,
        "range": lambda key: not rule.minimum <= key[0] <= rule.maximum,
    }[rule.kind]
    return {place for place, key in known.items() if breaks(key)}


def parted(contract: Contract, rows: list[dict], size: int) -> tuple[Tally, list[dict], list[dict]]:
    table = pa.Table.from_pylist(rows, schema=arrow_schema(contract))
    tally, splitter = Tally(contract, contract.rules), Splitter.of(contract, KEY, "report")
    validated, quarantined = [], []
    with tempfile.TemporaryDirectory() as folder:
        for batch in Scan(contract.rules, rows_of(table, batch_rows=size), Path(folder)):
            tally.add(batch)
            validated += splitter.validated(batch).to_pylist()
            quarantined += splitter.quarantined(batch).to_pylist()
    return tally, validated, quarantined


@QUICK
@given(RULES, ROWS, st.integers(1, 16))
def test_every_row_is_on_one_side_in_its_order_for_the_right_reasons(rules, rows, size):
    contract = contract_of(rules)
    tally, validated, quarantined = parted(contract, rows, size)
    broken = {rule.id: broken_by(rule, rows) for rule in contract.rules}
    out = set().union(*(broken[rule.id] for rule in contract.row_rules))

    assert len(validated) + len(quarantined) == tally.rows == len(rows)
    assert repr(validated) == repr([row for place, row in enumerate(rows) if place not in out])
    assert [row["_row"] for row in quarantined] == sorted(out)
    assert [row["_rules"] for row in quarantined] == [
        [rule.id for rule in contract.row_rules if place in broken[rule.id]] for place in sorted(out)
    ]
    assert {rule: count.broken for rule, count in tally.counts.items()} == {
        rule: len(of) for rule, of in broken.items()
    }


@QUICK
@given(RULES, ROWS, st.integers(1, 16))
def test_the_size_of_the_batches_makes_no_difference_and_nothing_personal_is_shown(rules, rows, size):
    contract = contract_of(rules)
    tally, validated, quarantined = parted(contract, rows, size)
    whole, *sides = parted(contract, rows, 100)
    raw = Manifest(path="raw/any/day", files=(), rows=0, bytes=0, schema_sha256="ab")
    reports = [
        make_report(contract, counted, kept_rules(judge(contract, counted, KEY)), Circumstances(KEY, raw))
        for counted in (tally, whole)
    ]

    assert repr([validated, quarantined]) == repr(sides)
    assert reports[0].hash == reports[1].hash
    assert "secret" not in reports[0].canonical().decode()
    assert "secret" not in str([row["_observed"] for row in quarantined])


def test_planted_errors_are_counted_exactly():
    rows = [{"code": f"A{place % 10}", "count": 1, "amount": float(place)} for place in range(1000)]
    for place in range(0, 1000, 100):
        rows[place]["code"] = None
    for place in range(5, 1000, 50):
        rows[place]["count"] = 3
    for place in range(7, 1000, 40):
        rows[place]["amount"] = rows[place + 1]["amount"]
    rules = [
        ("nulls", {"columns": ("code",)}, "row"),
        ("values", {"columns": ("count",), "values": (1, 2)}, "row"),
        ("unique", {"columns": ("amount",)}, "row"),
    ]
    tally, validated, quarantined = parted(contract_of(rules), rows, 64)

    assert [count.broken for count in tally.counts.values()] == [10, 20, 50]
    assert len(validated) == 1000 - len(quarantined)
    assert len(quarantined) == len({row["_row"] for row in quarantined}) == 80
