"""A trace names the exact partitions, source files, code and parameters, and says where a link is missing."""

from collections.abc import Iterator
from typing import Any

import pytest

from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.lineage import DatasetRef
from driftgate.lineage.ranges import label
from driftgate.lineage.trace import Step, trace


def walk(step: Step) -> Iterator[Step]:
    yield step
    for child in step.children:
        yield from walk(child)


def labels(step: Step) -> list[str]:
    return [label(each.members) for each in walk(step)]


def test_a_model_version_leads_down_to_the_source_files(life: Any) -> None:
    life()
    tree = trace("flight_delays/1")

    assert labels(tree) == [
        "model/flight_delays/1 @ package-hash",
        "job/job-7 @ m0de1",
        "dataset_version/flight_delays/2013-03-31-3f9c2a1 @ d41d8c",
        "validated/flights/2013-03-22 … 2013-03-31 (10 partitions)",
        "raw/flights/2013-03-22 … 2013-03-31 (10 partitions)",
        "source/nycflights/flights/2013-03-22 … 2013-03-31 (10 files)",
        "validated/weather/2013-03-22 … 2013-03-31 (10 partitions)",
        "raw/weather/2013-03-22 … 2013-03-31 (10 partitions)",
        "source/nycflights/weather/2013-03-22 … 2013-03-31 (10 files)",
        "dataset_version/flight_delays/2013-03-31-3f9c2a1 @ d41d8c",
    ]
    assert [step.missing for step in walk(tree) if step.missing] == []
    assert [label(step.members) for step in walk(tree) if step.seen_above] == [
        "dataset_version/flight_delays/2013-03-31-3f9c2a1 @ d41d8c"
    ]


def test_the_steps_carry_hashes_code_and_parameters(life: Any) -> None:
    life()
    steps = {label(step.members).split("/")[0]: step for step in walk(trace("model/flight_delays/1"))}

    job = steps["job"].makers[0]
    assert job.facet("driftgate_parameters")["values"] == {"seed": 7, "num_leaves": 31}
    assert len(job.facet("driftgate_code")["revision"]) == 40
    assert steps["source"].members[0] == DatasetRef("source/nycflights/weather/2013-03-22.parquet", "sha-of-2013-03-22")
    assert steps["raw"].members[0].version == "raw-2013-03-22"


def test_a_prediction_leads_to_the_model_that_answered_not_to_its_shadow(life: Any) -> None:
    life()
    life.capture()
    tree = trace(life.prediction_id)

    assert tree.prediction is not None
    assert (tree.prediction.model_version, tree.prediction.score) == ("1", 0.25)
    assert labels(tree)[1] == "model/flight_delays/1 @ package-hash"
    assert labels(tree)[-2] == "source/nycflights/weather/2013-03-22 … 2013-03-31 (10 files)"


def test_a_lost_record_is_named_in_the_tree(life: Any) -> None:
    life()
    for path in lake().list("lineage/nycflights"):
        if b"publish_flights/validated/flights/2013-03-25" in lake().read(path):
            lake().delete(path)

    missing = [sentence for step in walk(trace("flight_delays/1")) for sentence in step.missing]
    assert missing == ["validated/flights/2013-03-25: no record says who wrote it"]


def test_a_version_that_nobody_recorded_is_told_from_a_missing_record(life: Any) -> None:
    life.ingest("flights", "2013-03-31", "-changed")
    life.emit(
        "flight_delays",
        "prepare",
        [DatasetRef("raw/flights/2013-03-31", "older")],
        [DatasetRef("dataset_version/a", "v")],
    )

    missing = [sentence for step in walk(trace("dataset_version/a")) for sentence in step.missing]
    assert missing == ["raw/flights/2013-03-31: no record says who wrote version older; recorded: raw-changed-"]


def test_a_partition_run_again_is_traced_to_the_run_before_the_reader(life: Any) -> None:
    life("2013-03-30", "2013-03-31")
    life.ingest("flights", "2013-03-31")  # same content, a later run

    partitions = next(step for step in walk(trace("flight_delays/1")) if "validated/flights" in label(step.members))
    assert len(partitions.makers) == 2
    assert all(maker.time < trace("flight_delays/1").makers[0].time for maker in partitions.makers)


def test_an_older_version_can_be_asked_for(life: Any) -> None:
    life.ingest("flights", "2013-03-31", "-old")
    life.ingest("flights", "2013-03-31", "-new")

    assert label(trace("raw/flights/2013-03-31").members) == "raw/flights/2013-03-31 @ raw-new-2013"
    assert label(trace("raw/flights/2013-03-31@raw-old").members) == "raw/flights/2013-03-31 @ raw-old-2013"
    with pytest.raises(ConfigError, match=r"No version of raw/flights/2013-03-31 starts with 'other'"):
        trace("raw/flights/2013-03-31@other")


def test_an_unknown_target_gets_the_nearest_name(life: Any) -> None:
    life()

    with pytest.raises(ConfigError, match="did you mean 'model/flight_delays/1'"):
        trace("model/flight_delay/1")
    with pytest.raises(ConfigError, match="No capture in the lake has the prediction"):
        trace("f" * 32)


def test_holes_in_a_window_show() -> None:
    days = ["2013-01-01", "2013-01-02", "2013-01-05"]

    assert label([DatasetRef(f"raw/planes/{day}") for day in days]) == (
        "raw/planes/2013-01-01 … 2013-01-02, 2013-01-05 (3 partitions)"
    )
    odd = [DatasetRef(f"raw/planes/2013-01-{day:02d}") for day in range(1, 12, 2)]
    assert label(odd) == "raw/planes/2013-01-01, 2013-01-03, 2013-01-05 and 3 more ranges (6 partitions)"


def test_years_of_partitions_are_one_line(life: Any) -> None:
    life("2011-03-05", "2013-03-31")  # 2 datasets x 2 records x 758 days

    assert "validated/flights/2011-03-05 … 2013-03-31 (758 partitions)" in labels(trace("flight_delays/1"))
