"""A small dataset with a rule of every kind and a masked column, in a project of its own."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate.contracts import arrow_schema, load_contract
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
