"""Nothing known later than its moment enters a training set: held against plain Python on worlds of hypothesis."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate.datasets.parameters import StageParameters, parameters
from driftgate.datasets.preparation import _write_inputs
from driftgate.datasets.stage import build
from driftgate.datasets.version import DatasetVersion
from driftgate.datasets.window import beginning, pin
from driftgate.errors import SourceMissing
from driftgate.lake import lake, publish
from driftgate.partition_keys import due, keys_before, keys_between
from driftgate.use_cases import Label, UseCase, load_use_case

DAYS = keys_between("2013-03-01", "2013-03-08")
WINDOW = DAYS[3:]
HISTORY_DAYS, STAGE = 3, StageParameters(lookback_days=1, min_training_days=2)
SQL = """
WITH earlier AS (
    SELECT entity, count(*) AS calls, sum(outcome)::BIGINT AS total, min(days_ago) AS newest
    FROM calls_history WHERE outcome IS NOT NULL GROUP BY entity
),
last_sky AS (SELECT c.id, s.value FROM calls c ASOF JOIN sky s ON s.at <= c.at)
SELECT c.id, c.at, c.entity, e.calls, e.total, e.newest, s.value
FROM calls c LEFT JOIN earlier e USING (entity) LEFT JOIN last_sky s USING (id)
"""
SCHEMAS = {
    "calls": pa.schema(
        [("id", pa.int64()), ("at", pa.timestamp("us")), ("entity", pa.string()), ("outcome", pa.int64())]
    ),
    "sky": pa.schema([("at", pa.timestamp("us")), ("value", pa.float64()), ("became", pa.int64())]),
}
OUTCOMES = {"calls": ("outcome",), "sky": ("became",)}


@dataclass(frozen=True)
class Delivery:
    """One content of a partition, and when it came."""

    dataset: str
    day: str
    known_at: datetime
    rows: tuple[dict[str, Any], ...]


@st.composite
def worlds(draw: st.DrawFn) -> list[Delivery]:
    """Late partitions, corrections of what was delivered, in the order in which they come."""
    found = []
    for dataset in ("calls", "sky"):
        for place, day in enumerate(DAYS):
            late = draw(st.sampled_from([0, 0, 0, 7, 30])) if dataset == "calls" or place else 0
            moments = [late, *(late + draw(st.sampled_from([0, 5, 26, 75])) for _ in range(draw(st.integers(0, 2))))]
            for hours in sorted(moments):
                rows = tuple(draw(_rows(dataset, day, place)))
                found.append(Delivery(dataset, day, due(day) + timedelta(hours=hours), rows))
    return sorted(found, key=lambda one: one.known_at)


def _rows(dataset: str, day: str, place: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    minutes = st.lists(st.integers(0, 1439), min_size=1, max_size=3, unique=True)
    start, values = beginning(day), st.one_of(st.none(), st.integers(0, 5))
    if dataset == "sky":
        return minutes.flatmap(
            lambda at: st.tuples(*(st.integers(0, 9) for _ in at)).map(
                lambda drawn: [
                    {"at": start + timedelta(minutes=minute), "value": float(value), "became": 1}
                    for minute, value in zip(sorted(at), drawn, strict=True)
                ]
            )
        )
    return minutes.flatmap(
        lambda at: st.tuples(*(st.tuples(st.sampled_from("ab"), values) for _ in at)).map(
            lambda drawn: [
                {"id": 10 * place + n, "at": start + timedelta(minutes=minute), "entity": who, "outcome": outcome}
                for n, (minute, (who, outcome)) in enumerate(zip(sorted(at), drawn, strict=True))
            ]
        )
    )


def use_case() -> UseCase:
    whole = load_use_case("flight_delays")
    update = {
        "datasets": ("calls", "sky"),
        "request_key": ("id",),
        "event_time": "at",
        "history_days": HISTORY_DAYS,
        "online": {},
        "label": Label(expression="outcome > 2", known_after_days=1),
        "train": whole.train.model_copy(update={"window_days": len(WINDOW), "validation_days": 2}),
    }
    return whole.model_copy(update=update)


@contextmanager
def lake_of(deliveries: list[Delivery]) -> Iterator[Path]:
    with TemporaryDirectory() as home, patch.dict(os.environ, {"DRIFTGATE_HOME": home}):
        for one in deliveries:
            table = pa.Table.from_pylist(list(one.rows), schema=SCHEMAS[one.dataset])
            path = f"validated/{one.dataset}/{one.day}"
            publish(lake(), path, table, known_at=one.known_at, outcomes=OUTCOMES[one.dataset])
        yield Path(home)


def prepared(folder: Path, as_of: datetime | None) -> tuple[DatasetVersion, list[dict[str, Any]]]:
    days, pins = pin(use_case(), DAYS[-1], STAGE, as_of)
    folder.mkdir()
    _write_inputs(folder, parameters(use_case(), STAGE, days, as_of), pins, SQL.encode())
    build(folder)
    version = DatasetVersion.model_validate_json((folder / "data" / "version.json").read_bytes())
    return version, pq.read_table(folder / "data" / "rows.parquet").to_pylist()


class ByHand:
    """The same training set, row by row in plain Python."""

    def __init__(self, world: list[Delivery], as_of: datetime) -> None:
        self.known = [one for one in world if one.known_at <= as_of]

    def contents(self, dataset: str, day: str) -> list[Delivery]:
        return [one for one in self.known if (one.dataset, one.day) == (dataset, day)]

    def at(self, dataset: str, day: str, moment: datetime) -> tuple[dict[str, Any], ...]:
        return next((one.rows for one in reversed(self.contents(dataset, day)) if one.known_at <= moment), ())

    def rows(self) -> list[dict[str, Any]] | None:
        """Return the rows; None where a partition of the history inside the window is not there."""
        days = [day for day in WINDOW if any(self.contents(name, day) for name in SCHEMAS)]
        days = WINDOW[WINDOW.index(days[0]) :] if days else WINDOW
        if len(days) < 4 or not all(self.contents(name, day) for name in SCHEMAS for day in days):
            return None
        found = [self.row(day, call, DAYS[-2]) for day in days for call in self.contents("calls", day)[-1].rows]
        return [row for row in found if row is not None]

    def row(self, day: str, call: dict[str, Any], validation_first: str) -> dict[str, Any] | None:
        if call["outcome"] is None:
            return None
        start = beginning(day)
        landed = [
            (ago, one["outcome"])
            for ago in range(1, HISTORY_DAYS + 1)
            for one in self.at("calls", (start - timedelta(days=ago)).date().isoformat(), start)
            if one["entity"] == call["entity"] and one["outcome"] is not None
        ]
        sky = [one for key in keys_before(day, 2) for one in self.sky(key, start) if one["at"] <= call["at"]]
        return {
            **{name: call[name] for name in ("id", "at", "entity")},
            "calls": len(landed) or None,
            "total": sum(outcome for _, outcome in landed) if landed else None,
            "newest": min(ago for ago, _ in landed) if landed else None,
            "value": max(sky, key=lambda one: one["at"])["value"] if sky else None,
            "label": call["outcome"] > 2,
            "split": "train" if day < validation_first else "validation",
        }

    def sky(self, day: str, start: datetime) -> tuple[dict[str, Any], ...]:
        """Return the rows of a day that may not be over: as first delivered, but for corrections known before."""
        contents = self.contents("sky", day)
        return self.at("sky", day, max(start, contents[0].known_at)) if contents else ()


SLOW = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@SLOW
@given(world=worlds(), hours=st.integers(-30, 120))
def test_a_training_set_is_what_plain_python_joins_row_by_row(world: list[Delivery], hours: int) -> None:
    as_of = due(DAYS[-1]) + timedelta(hours=hours)
    expected = ByHand(world, as_of).rows()
    with lake_of(world) as home:
        if not expected:
            with pytest.raises(SourceMissing):
                prepared(home / "clone", as_of)
        else:
            version, rows = prepared(home / "clone", as_of)
            assert rows == expected
            assert version.as_of == as_of


@SLOW
@given(world=worlds(), hours=st.integers(0, 120))
def test_a_training_set_as_of_then_is_the_one_that_was_made_then(world: list[Delivery], hours: int) -> None:
    as_of = due(DAYS[-1]) + timedelta(hours=hours)
    past = [one for one in world if one.known_at <= as_of]
    if not ByHand(world, as_of).rows():
        return
    with lake_of(past) as home:
        made_then = prepared(home / "clone", as_of)
        now_then = prepared(home / "now", None)
    with lake_of(world) as home:
        assert prepared(home / "clone", as_of) == made_then
    assert now_then[1] == made_then[1]


@SLOW
@given(world=worlds(), other=worlds(), place=st.integers(3, 7))
def test_what_comes_after_a_day_began_changes_none_of_its_features(
    world: list[Delivery], other: list[Delivery], place: int
) -> None:
    """All that is delivered after the day began is replaced: outcomes, corrections, whole days."""
    day, moment = DAYS[place], beginning(DAYS[place])
    requests = [one for one in world if one.dataset == "sky" or one.day == day or one.known_at <= moment]
    changed = requests + [one for one in other if one.dataset == "calls" and one.day != day and one.known_at > moment]
    seen = []
    for deliveries in (world, sorted(changed, key=lambda one: one.known_at)):
        hand = ByHand(deliveries, datetime.max)
        calls = ByHand(world, datetime.max).contents("calls", day)[-1].rows
        seen.append([hand.row(day, {**call, "outcome": 1}, day) for call in calls])
        with lake_of(deliveries) as home:
            if hand.rows():
                rows = [row for row in prepared(home / "clone", None)[1] if row["at"].date().isoformat() == day]
                kept = [row for row, call in zip(seen[-1], calls, strict=True) if call["outcome"] is not None]
                assert [_features(row) for row in rows] == [_features(row) for row in kept if row]
    assert seen[0] == seen[1]


def _features(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("label", "split")}


def test_a_partition_in_two_contents_is_pinned_in_both() -> None:
    world = [Delivery(name, day, due(day), ROWS[name](day)) for day in DAYS for name in SCHEMAS]
    corrected = Delivery("calls", DAYS[4], due(DAYS[5]), tuple(row | {"outcome": 5} for row in world[8].rows))
    assert world[8].day == DAYS[4]
    with lake_of([*world, corrected]) as home:
        version, rows = prepared(home / "clone", None)
        sources = json.loads((home / "clone" / "sources.json").read_text())
    path = f"validated/calls/{DAYS[4]}"

    assert set(version.older_sources) == {path}
    assert sources["seen"][path] == {DAYS[5]: version.older_sources[path][0], DAYS[6]: version.sources[path]}
    assert version.sources[path] == sources["requests"][path]
    assert [(row["total"], row["label"]) for row in rows] == [
        *((3, False), (3, True), (3, False), (3 + 4, False), (3 + 4, False)),
    ]


ROWS: dict[str, Any] = {
    "calls": lambda day: ({"id": int(day[-2:]), "at": beginning(day), "entity": "a", "outcome": 1},),
    "sky": lambda day: ({"at": beginning(day), "value": 1.0, "became": 1},),
}
