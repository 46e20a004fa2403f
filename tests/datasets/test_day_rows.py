"""Preparing one more day reads that day; what is kept gives the same bytes as what is made anew."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.datasets.parameters import parameters, stage_parameters
from driftgate.datasets.preparation import _write_inputs
from driftgate.datasets.stage import build
from driftgate.datasets.window import pin
from driftgate.lake import lake, publish, read_manifest
from driftgate.lake.store import FolderStore
from driftgate.partition_keys import due, keys_before
from driftgate.sources import sample
from driftgate.use_cases import UseCase

LAST, NEXT = "2013-03-30", "2013-03-31"
Made = Callable[..., Path]


@pytest.fixture
def shorter(shaped: Callable[..., UseCase]) -> UseCase:
    return shaped(window_days=11)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Build the version that ends with a day in a folder of its own, and return the folder."""

    def make(use_case: UseCase, key: str, name: str, *, cached: bool = True, sql: str = "") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        stage = stage_parameters()
        days, pins = pin(use_case, key, stage)
        _write_inputs(folder, parameters(use_case, stage, days), pins, (sql or use_case.features_sql).encode())
        build(folder, cached=cached)
        return folder

    return make


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The partitions whose rows are read, once per read."""
    found: list[str] = []
    original = FolderStore.read

    def counting(store: FolderStore, path: str) -> bytes:
        if path.endswith(".parquet") and not path.startswith("prepared/"):
            found.append(path.rpartition("/")[0].removeprefix("validated/"))
        return original(store, path)

    monkeypatch.setattr(FolderStore, "read", counting)
    return found


def bytes_of(folder: Path) -> tuple[bytes, bytes]:
    return (folder / "data" / "rows.parquet").read_bytes(), (folder / "data" / "version.json").read_bytes()


def test_one_more_day_reads_the_partitions_that_its_requests_see(
    shorter: UseCase, publish_days: Callable[..., None], made: Made, read: list[str], days: list[str]
) -> None:
    publish_days()
    made(shorter, LAST, "first")
    assert len(read) == len(set(read))
    assert {path for path in read if path.startswith("flights")} == {f"flights/{day}" for day in days[:-1]}
    read.clear()
    following = made(shorter, NEXT, "following")

    earlier, recent = keys_before(NEXT, 2), [f"flights/{day}" for day in days]  # the history is as long as the sample's
    assert sorted(read) == sorted([*recent, *(f"{name}/{day}" for name in ("weather", "planes") for day in earlier)])
    read.clear()
    again = made(shorter, NEXT, "again")
    assert read == []
    assert bytes_of(again) == bytes_of(following) == bytes_of(made(shorter, NEXT, "anew", cached=False))
    assert read


def test_what_is_kept_is_not_used_when_it_must_not_be(
    shorter: UseCase, publish_days: Callable[..., None], made: Made, days: list[str]
) -> None:
    publish_days()
    made(shorter, LAST, "first", cached=False)
    assert lake().list("prepared") == []


def test_a_damaged_day_is_made_anew(
    shorter: UseCase, publish_days: Callable[..., None], made: Made, read: list[str]
) -> None:
    publish_days()
    first = made(shorter, LAST, "first")
    kept = [path for path in lake().list("prepared") if path.endswith(".parquet")]
    assert len(kept) == 11
    lake().write(kept[3], b"damaged")
    lake().delete(kept[5])
    read.clear()

    assert bytes_of(made(shorter, LAST, "second")) == bytes_of(first)
    assert read
    read.clear()
    made(shorter, LAST, "third")
    assert read == []


@pytest.mark.parametrize("change", ["sql", "label", "history_days"])
def test_another_feature_label_or_history_makes_every_day_anew(
    change: str, shorter: UseCase, publish_days: Callable[..., None], made: Made
) -> None:
    publish_days()
    made(shorter, LAST, "first")
    if change == "sql":
        made(shorter, LAST, "second", sql=shorter.features_sql + "-- changed")
    elif change == "label":
        label = shorter.label.model_copy(update={"expression": "arr_delay_minutes > 30"})
        made(shorter.model_copy(update={"label": label}), LAST, "second")
    else:
        made(shorter.model_copy(update={"history_days": 3}), LAST, "second")
    assert len([path for path in lake().list("prepared") if path.endswith(".parquet")]) == 22


def test_a_correction_makes_the_days_anew_that_saw_it_and_no_others(
    shorter: UseCase, publish_days: Callable[..., None], made: Made, days: list[str]
) -> None:
    publish_days()
    for day in days:
        publish(lake(), f"validated/flights/{day}", sample.table_of("flights", day), known_at=due(day))
    made(shorter, LAST, "first")
    corrected = sample.table_of("flights", days[2]).slice(1)
    publish(lake(), f"validated/flights/{days[2]}", corrected, known_at=due(days[5]) + timedelta(hours=1))
    made(shorter, LAST, "second")
    again = {day: len(lake().list(f"prepared/flight_delays/{day}")) // 3 for day in days[:-1]}

    # The day itself, whose rows these are, and those that began after the correction was known.
    assert [day for day in again if again[day] == 2] == [days[2], *days[7:-1]]


def test_changing_what_is_known_later_changes_no_feature_of_a_day(
    shorter: UseCase, publish_days: Callable[..., None], made: Made, days: list[str]
) -> None:
    publish_days()
    before = pq.read_table(made(shorter, LAST, "before") / "data" / "rows.parquet")
    day = days[6]
    for later in days[6:]:
        publish(lake(), f"validated/flights/{later}", hurried(sample.table_of("flights", later)))
    after = pq.read_table(made(shorter, LAST, "after") / "data" / "rows.parquet")

    until, from_then = [_by_day(table, lambda key: key <= day) for table in (before, after)], days[7]
    assert until[0].drop_columns(["label"]).equals(until[1].drop_columns(["label"]))
    assert not until[0].equals(until[1])
    entity = [name for name in before.column_names if name.endswith(("_7d", "_28d"))]
    assert entity
    moved = [_by_day(table, lambda key: key == from_then).select(entity) for table in (before, after)]
    assert not moved[0].equals(moved[1])


def hurried(flights: pa.Table) -> pa.Table:
    """Return the flights with every outcome turned around."""
    late = pc.subtract(60, flights["arr_delay_minutes"]).cast("int32")
    return flights.set_column(flights.column_names.index("arr_delay_minutes"), "arr_delay_minutes", late)


def _by_day(table: pa.Table, chosen: Callable[[str], bool]) -> pa.Table:
    days = table["scheduled_departure"].cast("date32").cast("string").to_pylist()
    return table.filter(pa.array([chosen(day) for day in days])).combine_chunks()


def test_outcomes_that_come_a_day_later_are_seen_a_day_later(
    shorter: UseCase, publish_days: Callable[..., None], made: Made, days: list[str]
) -> None:
    publish_days(days, ("weather", "planes"))
    for day in days:
        publish(lake(), f"validated/flights/{day}", sample.table_of("flights", day), known_at=due(day, 24))
    days_found, pins = pin(shorter, LAST, stage_parameters())

    assert days_found == days[:-1]
    for day, following, seen_from in zip(days[:-3], days[1:-2], days[2:-1], strict=True):
        path = uris.partition("validated", "flights", day)
        assert pins.seen_on(path, following) is None
        assert pins.seen_on(path, seen_from) == read_manifest(lake(), path).hash
