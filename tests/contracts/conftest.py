"""A small dataset with a rule of every kind and a masked column, in a project of its own."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate.contracts import ValidationReport, arrow_schema, load_contract
from driftgate.contracts.contract import Contract
from driftgate.contracts.judge import judge, kept_rules
from driftgate.contracts.reporting import Circumstances, make_report
from driftgate.contracts.rows import rows_of
from driftgate.contracts.scan import Scan
from driftgate.contracts.split import Splitter
from driftgate.contracts.tally import Tally
from driftgate.lake import Manifest, lake, publish

ROOT = Path(__file__).resolve().parents[2]
KEY = "2013-04-01"
TRIPS = """
apiVersion: v3.1.0
kind: DataContract
id: urn:test:trips
name: trips
version: 2.1.0
description: {purpose: Taxi trips of a test.}
team: {name: taxis}
support: [{channel: email, url: "mailto:taxis@example.com"}]
customProperties:
  - {property: licence, value: CC0-1.0}
  - {property: dataClass, value: operations}
  - {property: permissions, value: {mlUse: true, legalBasis: contract}}
slaProperties: [{property: retention, value: 90, unit: d}]
servers: [{server: cab, type: local, path: "cab/trips/{key}.parquet", format: parquet}]
schema:
  - name: trips
    quality:
      - {id: volume, metric: rowCount, mustBeBetween: [2, 100], severity: critical}
    properties:
      - name: trip
        description: Number of the trip.
        logicalType: integer
        physicalType: int32
        primaryKey: true
        classification: public
        customProperties: [{property: availableAt, value: prediction}]
        quality:
          - {id: range, metric: invalidValues, arguments: {minimum: 1}, mustBe: 0, severity: row}
      - name: started_at
        description: When it began.
        logicalType: timestamp
        physicalType: timestamp[us]
        primaryKey: true
        partitioned: true
        classification: public
        customProperties: [{property: availableAt, value: prediction}]
      - name: zone
        description: Where it began.
        logicalType: string
        physicalType: string
        required: true
        classification: public
        customProperties: [{property: availableAt, value: prediction}]
        quality:
          - {id: known, metric: invalidValues, arguments: {validValues: [north, south]}, mustBe: 0, severity: row}
          - {id: mostly_known, metric: invalidValues, arguments: {validValues: [north, south]}, mustBeLessOrEqualTo: 40,
             unit: percent, severity: critical}
      - name: passenger
        description: E-mail of the passenger.
        logicalType: string
        physicalType: string
        unique: true
        classification: pii
        customProperties:
          - {property: availableAt, value: prediction}
          - {property: treatment, value: keep}
          - {property: purpose, value: Tells the trips of one person apart.}
        quality:
          - {id: form, metric: invalidValues, arguments: {pattern: ".+@.+"}, mustBe: 0, severity: row}
      - name: fare_usd
        description: What it cost.
        logicalType: number
        physicalType: double
        classification: internal
        customProperties: [{property: availableAt, value: outcome}, {property: unit, value: US dollars}]
        quality:
          - {id: range, metric: invalidValues, arguments: {minimum: 0, maximum: 500}, mustBe: 0, severity: row}
          - {id: complete, metric: nullValues, mustBeLessOrEqualTo: 20, unit: percent, severity: warn}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one contract, ``trips``."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "include" / "settings", root / "include" / "settings")
    (root / "data_contracts").mkdir()
    (root / "data_contracts" / "trips.yaml").write_text(TRIPS)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(root))
    return root


@pytest.fixture
def trips(project: Path) -> Callable[..., pa.Table]:
    """Make a table of good trips; keyword arguments replace values: ``zone={2: "west"}`` of the third row."""

    def make(rows: int = 10, **planted: dict[int, object]) -> pa.Table:
        columns = {
            "trip": [row + 1 for row in range(rows)],
            "started_at": [datetime(2013, 4, 1, 8, row) for row in range(rows)],
            "zone": ["north"] * rows,
            "passenger": [f"p{row}@example.com" for row in range(rows)],
            "fare_usd": [10.0] * rows,
        }
        for name, values in planted.items():
            for row, value in values.items():
                columns[name][row] = value
        return pa.table(columns, arrow_schema(load_contract("trips")))

    return make


@pytest.fixture
def ingested(trips: Callable[..., pa.Table]) -> Callable[..., Manifest]:
    """Publish a table of trips in the raw zone."""

    def ingest(rows: int = 10, **planted: dict[int, object]) -> Manifest:
        return publish(lake(), f"raw/trips/{KEY}", trips(rows, **planted), contract="trips@2.1.0")

    return ingest


def tally_of(contract: Contract, table: pa.Table, folder: Path) -> Tally:
    """Count what a table breaks."""
    tally = Tally(contract, contract.rules)
    for batch in Scan(contract.rules, rows_of(table), folder):
        tally.add(batch)
    return tally


def report_of(contract: Contract, table: pa.Table, folder: Path, without: tuple[str, ...] = ()) -> ValidationReport:
    """Judge a table; rules in ``without`` could not be judged."""
    tally = tally_of(contract, table, folder)
    judged = {rule: kept for rule, kept in kept_rules(judge(contract, tally, KEY)).items() if rule not in without}
    raw = Manifest(path=f"raw/{contract.name}/{KEY}", files=(), rows=0, bytes=0, schema_sha256="ab")
    return make_report(contract, tally, judged, Circumstances(KEY, raw))


def split_of(contract: Contract, table: pa.Table, folder: Path, batch_rows: int = 100) -> tuple[pa.Table, pa.Table]:
    """Part a table into its validated and its quarantined rows."""
    splitter = Splitter.of(contract, KEY, "reporthash")
    batches = list(Scan(contract.row_rules, rows_of(table, batch_rows=batch_rows), folder))
    validated = [splitter.validated(batch) for batch in batches]
    return pa.Table.from_batches(validated), pa.Table.from_batches([splitter.quarantined(batch) for batch in batches])
