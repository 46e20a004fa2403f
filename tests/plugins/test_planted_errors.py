"""Errors planted in exact shares are found in exactly these shares: from contract over validation to the profile."""

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate.contracts import arrow_schema, load_contract, read_report
from driftgate.contracts.issues import issues
from driftgate.lake import lake, publish
from driftgate.profiles import CategoricalColumn, NumericColumn, read_profile
from driftgate_airflow.operators.profile_partition import ProfilePartitionOperator
from driftgate_airflow.operators.publish_partition import PublishPartitionOperator
from driftgate_airflow.operators.validate_contract import ValidateContractOperator

ROOT = Path(__file__).resolve().parents[2]
KEY, ROWS = "2013-04-02", 1000
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: urn:test:customers
name: customers
version: 1.0.0
description: {purpose: Customers of a shop.}
team: {name: shop}
support: [{channel: email, url: "mailto:shop@example.com"}]
customProperties:
  - {property: licence, value: CC0-1.0}
  - {property: dataClass, value: operations}
  - {property: permissions, value: {mlUse: true, legalBasis: contract}}
slaProperties: [{property: retention, value: 90, unit: d}]
servers: [{server: shop, type: local, path: "shop/customers/{key}.parquet", format: parquet}]
schema:
  - name: customers
    properties:
      - {name: customer, description: Number., logicalType: integer, physicalType: int64, primaryKey: true,
         classification: internal, customProperties: [{property: availableAt, value: prediction}]}
      - {name: seen_at, description: When., logicalType: timestamp, physicalType: "timestamp[us]", partitioned: true,
         classification: internal, customProperties: [{property: availableAt, value: prediction}]}
      - name: age
        description: Age in years.
        logicalType: number
        physicalType: double
        classification: internal
        customProperties: [{property: availableAt, value: prediction}]
        quality: [{id: complete, metric: nullValues, mustBeLessOrEqualTo: 10, unit: percent, severity: warn}]
      - name: amount_usd
        description: What was paid.
        logicalType: number
        physicalType: double
        classification: internal
        customProperties: [{property: availableAt, value: prediction}]
        quality:
          - {id: range, metric: invalidValues, arguments: {minimum: 0, maximum: 10000}, mustBe: 0, severity: SEVERITY}
      - {name: city, description: Where., logicalType: string, physicalType: string, classification: internal,
         customProperties: [{property: availableAt, value: prediction}]}
      - name: mail
        description: Address.
        logicalType: string
        physicalType: string
        classification: pii
        customProperties:
          - {property: availableAt, value: prediction}
          - {property: treatment, value: keep}
          - {property: purpose, value: A test.}
"""


def planted() -> pa.Table:
    """Of every twenty rows one has an impossible amount, three have no age, and two write their city otherwise."""
    place = [row % 20 for row in range(ROWS)]
    cities = {4: "BOSTON", 5: " boston"}
    columns = {
        "customer": list(range(ROWS)),
        "seen_at": [datetime(2013, 4, 2) + timedelta(minutes=row) for row in range(ROWS)],
        "age": [None if n in (1, 2, 3) else 30.0 + n for n in place],
        "amount_usd": [-1.0 if n == 0 else 12.5 for n in place],
        "city": [cities.get(n, "boston") if n < 10 else "Chicago" for n in place],
        "mail": [f"jane{row}@example.com" for row in range(ROWS)],
    }
    return pa.table(columns, arrow_schema(load_contract("customers")))


@pytest.fixture
def arrived(tmp_path, monkeypatch):
    """Publish the planted rows in the raw zone, under a contract whose rule on amounts has this severity."""

    def arrive(severity: str) -> None:
        root = tmp_path / "project"
        shutil.copytree(ROOT / "include" / "settings", root / "include" / "settings")
        (root / "data_contracts").mkdir()
        (root / "data_contracts" / "customers.yaml").write_text(CONTRACT.replace("SEVERITY", severity))
        monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
        publish(lake(), f"raw/customers/{KEY}", planted(), contract=load_contract("customers").label)

    return arrive


def task(operator):
    return operator(task_id="a_task", source="shop", dataset="customers")


STEPS = (ValidateContractOperator, PublishPartitionOperator, ProfilePartitionOperator)


def test_every_planted_error_is_reported_with_its_exact_share(run, arrived):
    arrived("warn")
    answers = [run().execute(task(operator)) for operator in STEPS]
    checks = {check.rule: check for check in read_report("customers", KEY).checks}
    assert (checks["age.complete"].broken, checks["age.complete"].judged) == (150, ROWS)
    assert (checks["amount_usd.range"].broken, checks["amount_usd.range"].judged) == (50, ROWS)

    profile = read_profile("customers", KEY)
    age, city = profile.columns["age"], profile.columns["city"]
    assert isinstance(age, NumericColumn) and isinstance(city, CategoricalColumn)
    assert age.nulls / age.rows == 0.15
    assert [(item.column, item.kind, item.share) for item in profile.findings] == [
        ("age", "missing", 0.15),
        ("city", "spelling", 0.10),
    ]
    assert [item.sentence for item in profile.findings] == [
        "age is missing in 15.0 % of the rows (150 of 1,000).",
        "city writes 'boston' also as ' boston', 'BOSTON', equal up to case and space, in 10.0 % of the rows "
        "(100 of 1,000).",
    ]
    page = lake().read(f"profiles/customers/{KEY}.html").decode()
    assert "age is missing in 15.0 % of the rows (150 of 1,000)." in page

    cells, numbers = 6 * ROWS, 3 * ROWS - 150
    assert answers[2]["quality"] == {
        "completeness": pytest.approx(1 - 150 / cells),
        "uniqueness": 1.0,
        "consistency": pytest.approx(0.9),  # of the cities; of addresses no words are known
        "validity": pytest.approx(1 - 50 / (ROWS + numbers)),
    }
    assert answers[2]["findings"] == 2


def test_no_personal_value_is_in_profile_or_page(run, arrived):
    arrived("warn")
    for operator in STEPS:
        run().execute(task(operator))
    for suffix in ("json", "html"):
        assert "jane" not in lake().read(f"profiles/customers/{KEY}.{suffix}").decode()
    assert read_profile("customers", KEY).columns["mail"].kind == "hidden"


def test_each_broken_rule_is_logged_once_with_its_decision(run, arrived):
    arrived("row")
    for operator in (*STEPS, *STEPS):
        run().execute(task(operator))
    log = {issue.rule: issue for issue in issues("customers")}
    assert {rule: (issue.decision, issue.broken, issue.judged) for rule, issue in log.items()} == {
        "age.complete": ("reported only", 150, ROWS),
        "amount_usd.range": ("rows quarantined", 50, ROWS),
    }
    assert log["amount_usd.range"].where == f"quarantine/customers/{KEY}"
    assert read_profile("customers", KEY).quality.validity < 1  # judged on what came in, though the rows are out


def test_a_partition_that_fails_is_logged_too(run, arrived):
    arrived("critical")
    with pytest.raises(AirflowFailException, match="critical rules"):
        run().execute(task(ValidateContractOperator))
    assert {issue.rule: issue.decision for issue in issues("customers")} == {
        "age.complete": "reported only",
        "amount_usd.range": "partition failed",
    }
    assert "jane" not in json.dumps([issue.model_dump() for issue in issues("customers")])
