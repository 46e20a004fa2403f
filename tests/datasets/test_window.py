"""A version is made from all of the history in its window, or a sentence names what is missing."""

from collections.abc import Callable
from datetime import datetime

import pytest

from driftgate.datasets.parameters import StageParameters
from driftgate.datasets.quarantined_days import (
    QuarantinedDays,
    lift_quarantine,
    quarantine_days,
    quarantined_days,
)
from driftgate.datasets.window import pin
from driftgate.errors import ConfigError, SourceMissing
from driftgate.lake import lake, read_manifest
from driftgate.use_cases import UseCase

STAGE = StageParameters(lookback_days=1, min_training_days=3)
LAST = "2013-03-31"


def test_every_partition_is_pinned_by_the_hash_of_its_manifest(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days()
    pinned_days, sources = pin(use_case, LAST, STAGE)

    assert pinned_days == days
    assert len(sources.newest) == 36
    assert sources.older == {}
    for path, digest in sources.newest.items():
        assert read_manifest(lake(), path).hash == digest


def test_the_days_before_the_window_that_its_requests_see_are_pinned(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days(["2013-03-18", "2013-03-19", *days])
    pinned_days, sources = pin(use_case, LAST, STAGE)

    assert pinned_days == days
    assert {path for path in sources.newest if path.endswith(("18", "19"))} == {
        "validated/flights/2013-03-18",
        "validated/flights/2013-03-19",
        "validated/weather/2013-03-19",
        "validated/planes/2013-03-19",
    }
    assert set(sources.requests) == {f"validated/flights/{day}" for day in days}


def test_a_history_that_begins_inside_the_window_makes_it_shorter(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days(days[5:])

    assert pin(use_case, LAST, STAGE)[0] == days[5:]


def test_a_hole_is_named_with_the_dag_to_run(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days(days[:4] + days[5:])
    publish_days(["2013-03-24"], ("flights",))

    with pytest.raises(SourceMissing) as missing:
        pin(use_case, LAST, STAGE)
    assert str(missing.value) == (
        "Training flight_delays on 2013-03-20 to 2013-03-31 needs partitions that are not published: "
        "validated/weather/2013-03-24, validated/planes/2013-03-24; "
        "run the DAG <source>.ingest of their source for these days."
    )


def test_a_dataset_that_begins_later_than_the_others_is_a_hole(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days(days, ("flights", "planes"))
    publish_days(days[7:], ("weather",))

    with pytest.raises(SourceMissing, match="weather/2013-03-24 and 2 more; run the DAG"):
        pin(use_case, LAST, STAGE)


def test_an_empty_lake_names_the_first_missing_partitions(use_case: UseCase) -> None:
    with pytest.raises(SourceMissing, match=r"validated/flights/2013-03-20, .* and 31 more; run the DAG"):
        pin(use_case, LAST, STAGE)


def test_too_short_a_history_says_how_long_it_must_be(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days(days[6:])

    with pytest.raises(
        SourceMissing, match=r"has 6 days of history.*needs 7 \(3 to train on, 4 to validate\); run the"
    ):
        pin(use_case, LAST, STAGE)


def test_too_short_a_window_is_an_error_of_the_use_case(
    shaped: Callable[..., UseCase], publish_days: Callable[..., None]
) -> None:
    publish_days()

    with pytest.raises(ConfigError, match=r"use_case.yaml: key 'train.window_days' is 6; make it at least 7"):
        pin(shaped(window_days=6), LAST, STAGE)


def test_days_in_quarantine_are_no_requests_but_stay_history(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days()
    before = datetime.fromisoformat("2026-01-01")
    whole = pin(use_case, LAST, STAGE)
    quarantine_days(
        QuarantinedDays(
            use_case=use_case.name, name="i", first_day=days[3], last_day=days[4], actor="anna", reason="poisoned"
        )
    )
    pinned_days, sources = pin(use_case, LAST, STAGE)

    assert pinned_days == days[:3] + days[5:]
    assert f"validated/flights/{days[3]}" not in sources.requests
    assert f"validated/flights/{days[3]}" in sources.seen
    assert quarantined_days(use_case.name, before) == set()
    lift_quarantine(use_case.name, "i", actor="anna", reason="they are right")
    assert pin(use_case, LAST, STAGE) == whole


def test_too_many_days_in_quarantine_leave_too_few(
    use_case: UseCase, publish_days: Callable[..., None], days: list[str]
) -> None:
    publish_days()
    quarantine_days(
        QuarantinedDays(use_case=use_case.name, name="i", first_day=days[0], last_day=LAST, actor="anna", reason="all")
    )
    with pytest.raises(SourceMissing, match=r"has 0 days of history and needs .* end a quarantine of days"):
        pin(use_case, LAST, STAGE)
