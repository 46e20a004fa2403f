"""The stage makes the same bytes from the same inputs, and rows that serving would see the same way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.captures import Capture, write_captures
from driftgate.datasets import DatasetVersion, compute_features, compute_labels
from driftgate.datasets.parameters import parameters, stage_parameters
from driftgate.datasets.preparation import _write_inputs
from driftgate.datasets.stage import build
from driftgate.datasets.version import read_version
from driftgate.datasets.window import pin
from driftgate.errors import ConfigError, SourceMissing
from driftgate.lake import lake, publish
from driftgate.records import sha256
from driftgate.review_policy import Review
from driftgate.reviews import answer_item, find_item, publish_labels, queue_reviews
from driftgate.sources import sample
from driftgate.use_cases import UseCase

LAST = "2013-03-31"
Stage = Callable[..., tuple[DatasetVersion, pa.Table]]


@pytest.fixture
def staged(tmp_path: Path) -> Stage:
    """Run the stage in a folder of its own; return the record and the rows."""

    def stage(use_case: UseCase, name: str = "clone", features_sql: str = "") -> tuple[DatasetVersion, pa.Table]:
        folder = tmp_path / name
        folder.mkdir()
        made_with = stage_parameters()
        days, sources = pin(use_case, LAST, made_with)
        sql = features_sql or use_case.features_sql
        _write_inputs(folder, parameters(use_case, made_with, days), sources, sql.encode())
        build(folder)
        data = (folder / "data" / "version.json").read_bytes()
        version = read_version(data, json.loads(data)["tag"])
        assert version.files["rows.parquet"] == sha256((folder / "data" / "rows.parquet").read_bytes())
        return version, pq.read_table(folder / "data" / "rows.parquet")

    return stage


def test_the_same_inputs_give_the_same_bytes_and_another_input_another_version(
    use_case: UseCase, shaped: Callable[..., UseCase], publish_days: Callable[..., None], staged: Stage
) -> None:
    publish_days()
    first, _ = staged(use_case, "a")
    assert staged(use_case, "b")[0] == first

    other, _ = staged(shaped(validation_days=5), "c")
    assert other.name != first.name
    assert other.feature_set_sha256 == first.feature_set_sha256


def test_rows_are_the_requests_with_an_outcome_and_the_last_days_validate(
    use_case: UseCase, publish_days: Callable[..., None], staged: Stage, days: list[str]
) -> None:
    publish_days()
    version, rows = staged(use_case)
    outcomes = [value for day in days for value in sample.table_of("flights", day)["arr_delay_minutes"].to_pylist()]
    known = [value for value in outcomes if value is not None]

    assert version.rows == rows.num_rows == len(known)
    assert version.labels.positive == pc.sum(rows["label"]).as_py() == sum(value > 15 for value in known)
    assert version.labels.without_outcome == len(outcomes) - len(known)
    assert rows["label"].null_count == 0
    assert version.columns == {field.name: str(field.type) for field in rows.schema}
    by_split = {
        split: set(rows.filter(pc.equal(rows["split"], split))["scheduled_departure"].cast("date32").to_pylist())
        for split in ("train", "validation")
    }
    assert sorted(map(str, by_split["train"])) == days[:8]
    assert sorted(map(str, by_split["validation"])) == days[8:]
    assert version.split.validation_first == days[8]


def test_training_rows_of_a_day_are_what_its_requests_would_be(
    use_case: UseCase,
    publish_days: Callable[..., None],
    staged: Stage,
    request_tables: Callable[[str], dict[str, pa.Table]],
    days: list[str],
) -> None:
    publish_days(["2013-03-19", *days])
    _, rows = staged(use_case)
    for day in (days[0], days[6]):
        trained = rows.filter(pc.equal(rows["scheduled_departure"].cast("date32").cast("string"), day))
        asked = compute_features(use_case, request_tables(day))
        labels = compute_labels(use_case, sample.table_of("flights", day))
        known = pc.is_valid(labels["label"])

        assert trained.select(asked.column_names).combine_chunks().equals(asked.filter(known).combine_chunks())
        assert trained["label"].combine_chunks().equals(labels["label"].filter(known).combine_chunks())


def test_outcomes_change_the_labels_and_what_later_days_learn_from_them(
    use_case: UseCase, publish_days: Callable[..., None], staged: Stage, days: list[str]
) -> None:
    publish_days()
    before, rows = staged(use_case, "before")
    for day in days:
        table = sample.table_of("flights", day)
        for name in set(table.column_names) - set(sample.requests_of(day).column_names):
            table = table.set_column(table.column_names.index(name), name, pc.subtract(60, table[name]).cast("int32"))
        publish(lake(), f"validated/flights/{day}", table)
    after, changed = staged(use_case, "after")

    assert after.labels != before.labels
    learnt = [
        "aircraft_late_share_28d",
        "aircraft_last_delay_minutes",
        "flight_late_share_28d",
        "flight_delay_minutes_28d",
    ]
    assert changed.drop_columns(["label", *learnt]).equals(rows.drop_columns(["label", *learnt]))
    assert not changed.select(learnt).equals(rows.select(learnt))
    first = [table.filter(pc.less(table["scheduled_departure"], datetime(2013, 3, 21))) for table in (rows, changed)]
    assert first[0].select(learnt).equals(first[1].select(learnt))


def test_features_that_read_the_label_s_outcome_are_refused(
    use_case: UseCase, publish_days: Callable[..., None], staged: Stage
) -> None:
    publish_days()
    leak = use_case.features_sql.replace("f.dest,", "f.dest, f.arr_delay_minutes,")

    with pytest.raises(ConfigError, match=r"features\.sql reads 'arr_delay_minutes' of a request, an outcome"):
        staged(use_case, features_sql=leak)


def test_a_window_without_any_outcome_is_a_sentence(
    shaped: Callable[..., UseCase], publish_days: Callable[..., None], staged: Stage
) -> None:
    publish_days()

    with pytest.raises(SourceMissing, match="No request of flight_delays from 2013-03-20 to 2013-03-31 has a label"):
        staged(shaped(label="CASE WHEN arr_delay_minutes > 99999 THEN true END"))


def test_a_label_that_a_reviewer_corrected_is_in_the_next_dataset_version(
    use_case: UseCase, publish_days: Callable[..., None], staged: Stage
) -> None:
    """A flight that never arrived, too: the person's word makes it a row. Nothing else of the version changes."""
    publish_days()
    computed, day = staged(use_case, "computed"), "2013-03-25"
    everything = Review(
        role="dispatcher", reviewers=("eva",), guideline_version="1", cost_usd=2, per_day=100_000, random_share=1,
        second_share=0, min_agreement=0.5,
    )  # fmt: skip
    reviewed = use_case.model_copy(update={"review": everything})
    assert pin(reviewed, LAST, stage_parameters()) == pin(use_case, LAST, stage_parameters())

    labels = compute_labels(use_case, sample.table_of("flights", day)).to_pylist()
    arrived = next(row for row in labels if row["label"] is not None)
    cancelled = next(row for row in labels if row["label"] is None)
    asked = {"arrived": arrived, "cancelled": cancelled}
    _ask(asked, day, use_case)
    queue_reviews(reviewed, day)
    for name, row in asked.items():
        answer_item(reviewed, find_item(use_case.name, name), not row["label"], reviewer="eva", seconds=4)
    before = datetime.now()
    set_of_labels = publish_labels(reviewed, LAST)
    assert set_of_labels and set_of_labels.labels == 2

    version, rows = staged(reviewed, "reviewed")
    assert version.sources == {**computed[0].sources, uris.reviewed_labels(use_case.name): set_of_labels.manifest}
    assert version.inputs_sha256 != computed[0].inputs_sha256
    names = list(use_case.request_key)
    found = {tuple(row[name] for name in names): row["label"] for row in rows.to_pylist()}
    expected = {tuple(row[name] for name in names): row["label"] for row in computed[1].to_pylist()}
    for row in asked.values():
        expected[tuple(row[name] for name in names)] = not row["label"]
    assert found == expected
    assert rows.schema == computed[1].schema
    assert pin(reviewed, LAST, stage_parameters(), before.replace(year=2020))[1].reviewed == {}


def _ask(asked: dict[str, dict[str, object]], day: str, use_case: UseCase) -> None:
    write_captures(
        Capture(
            prediction_id=name, use_case=use_case.name, variant_role="champion", model_version="1",
            deployment_revision=1, step="serving", score=0.2, error=None, latency_ms=1,
            received_at=datetime(2026, 11, 24, tzinfo=UTC), event_time=f"{day}T08:00:00", features="{}",
            request_key=json.dumps({key: row[key] for key in sorted(use_case.request_key)}, default=str),
        )
        for name, row in asked.items()
    )  # fmt: skip
