"""Snapshots are what the requests of a day see offline: the same history, the same SQL, there before the day begins."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest

from driftgate.datasets import current_views
from driftgate.errors import ConfigError, SourceMissing
from driftgate.lake import Manifest
from driftgate.models import View
from driftgate.online import get, materialize, online_store
from driftgate.partition_keys import due, keys_between
from driftgate.sources import sample
from driftgate.use_cases import UseCase, load_use_case

Publish = Callable[..., Manifest]
DAYS = keys_between("2013-03-10", "2013-03-13")


def views(use_case: UseCase) -> dict[str, View]:
    return {view.name: view for view in current_views(use_case)}


def value(use_case: UseCase, name: str, key: tuple[Any, ...], day: str) -> tuple[str, dict[str, Any]] | None:
    return get(online_store(), views(use_case)[name].id, key, day)


def brute_force(days: list[str], carrier: str) -> dict[str, Any]:
    """The view carrier_recent in plain Python."""
    rows = [row for day in days for row in sample.table_of("flights", day).to_pylist()]
    delays = [row["arr_delay_minutes"] for row in rows if row["carrier"] == carrier]
    delays = [delay for delay in delays if delay is not None]
    return {
        "carrier_late_share": pytest.approx(sum(delay > 15 for delay in delays) / len(delays)),
        "carrier_delay": pytest.approx(sum(delay / 7 for delay in delays) / len(delays)),
        "carrier_flights": len(delays),
    }


def test_the_next_day_gets_what_was_known_when_it_began(use_case: UseCase, publish_day: Publish) -> None:
    for day in DAYS:
        publish_day(day)
    done = materialize(use_case, DAYS[-1])
    assert done.for_day == "2013-03-14"
    assert {snapshot.view for snapshot in done.snapshots} == {view.id for view in views(use_case).values()}
    assert [path for path, _ in done.inputs] == [f"validated/flights/{day}" for day in DAYS]
    found = value(use_case, "carrier_recent", ("UA",), "2013-03-14")
    assert found == ("2013-03-14", brute_force(DAYS, "UA"))


def test_the_days_after_are_there_if_nothing_more_comes_in(use_case: UseCase, publish_day: Publish) -> None:
    """The window moves on: offline, the requests of the 15th see one day less."""
    for day in DAYS:
        publish_day(day)
    materialize(use_case, DAYS[-1])
    view = views(use_case)["carrier_recent"].id
    days = ("2013-03-14", "2013-03-15", "2013-03-16")
    found = [online_store().newest(view, day) for day in days]
    assert [(one.for_day, one.as_of) for one in found if one] == [(day, "2013-03-14") for day in days]
    for day, window in zip(days, (DAYS, DAYS, DAYS[1:]), strict=True):
        assert value(use_case, "carrier_recent", ("UA",), day) == (day, brute_force(window, "UA"))


def test_again_is_the_same_and_an_older_partition_hides_nothing(use_case: UseCase, publish_day: Publish) -> None:
    for day in DAYS:
        publish_day(day)
    first = materialize(use_case, DAYS[-1])
    assert materialize(use_case, DAYS[0]).for_day == DAYS[1]
    assert materialize(use_case, DAYS[-1]) == first
    found = value(use_case, "carrier_recent", ("UA",), "2013-03-14")
    assert found == ("2013-03-14", brute_force(DAYS, "UA"))
    assert value(use_case, "carrier_recent", ("UA",), DAYS[1]) == (DAYS[1], brute_force(DAYS[:1], "UA"))


def test_what_came_late_is_seen_from_the_next_midnight_on(use_case: UseCase, publish_day: Publish) -> None:
    """A correction of the 11th, known at noon on the 14th, is not in the values of the 14th."""
    for day in DAYS:
        publish_day(day)
    materialize(use_case, DAYS[-1])
    table = sample.table_of("flights", DAYS[1])
    publish_day(DAYS[1], rows=table.filter(pc.not_equal(table["carrier"], "UA")), known_at=datetime(2013, 3, 14, 12))
    done = materialize(use_case, DAYS[1])

    assert done.for_day == "2013-03-15"
    assert value(use_case, "carrier_recent", ("UA",), "2013-03-14") == ("2013-03-14", brute_force(DAYS, "UA"))
    kept = [DAYS[0], *DAYS[2:]]
    assert value(use_case, "carrier_recent", ("UA",), "2013-03-15") == ("2013-03-15", brute_force(kept, "UA"))


def test_a_partition_of_last_night_makes_the_values_of_tomorrow(use_case: UseCase, publish_day: Publish) -> None:
    """Live, a partition is known a little after midnight: too late for the day that has begun."""
    now = datetime.now(UTC).replace(tzinfo=None)
    day = (now - timedelta(days=1)).date().isoformat()
    rows = sample.table_of("flights", DAYS[0])
    publish_day(day, rows=rows, known_at=now)
    assert materialize(use_case, day).for_day == (now + timedelta(days=1)).date().isoformat()


def test_views_of_serving_models_are_kept_beside_the_current_ones(
    use_case: UseCase, publish_day: Publish, features_file: Path
) -> None:
    old = views(use_case)
    features_file.write_text(features_file.read_text().replace("days_ago <= 2", "days_ago <= 1"))
    new = views(load_use_case("flight_delays"))
    assert {name for name in old if old[name].id != new[name].id} == {"route_recent"}, "the other views are the same"
    publish_day(DAYS[0])
    done = materialize(load_use_case("flight_delays"), DAYS[0], tuple(old.values()))

    assert {one.view for one in done.snapshots} == {view.id for view in (*old.values(), *new.values())}
    assert len(done.snapshots) == 4 * 3, "four views, for the next day and two more"


def test_a_key_with_a_null_is_no_row(use_case: UseCase, publish_day: Publish) -> None:
    import pyarrow as pa

    table = sample.table_of("flights", DAYS[0])
    place = table.schema.get_field_index("dest")
    publish_day(DAYS[0], rows=table.set_column(place, "dest", pa.nulls(table.num_rows, pa.string())))
    materialize(use_case, DAYS[0])
    assert value(use_case, "route_recent", ("EWR", "CLT"), DAYS[1]) is None


def test_without_a_history_nothing_is_written(use_case: UseCase, publish_day: Publish) -> None:
    publish_day(DAYS[0])
    done = materialize(use_case.model_copy(update={"history_days": 0}), DAYS[0])
    assert (done.snapshots, done.rows, done.inputs) == ((), 0, ())


def test_a_partition_that_is_not_there_is_a_sentence(use_case: UseCase) -> None:
    with pytest.raises(SourceMissing, match=r"flights 2013-03-10 is not published; run the ingest DAG"):
        materialize(use_case, DAYS[0])


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("carrier_recent AS", "carriers AS", r"has no CTE 'carrier_recent'; did you mean .* Known: carriers"),
        (
            "FROM judged GROUP BY carrier\n",
            "FROM judged GROUP BY carrier, dest\n",
            r"gives \[\"\w\w\"\] twice; make it",
        ),
        ("avg(late) AS", "avg(late) / 0 AS", r"not finite; guard the division"),
        ("SELECT carrier, avg(late)", "SELECT *, avg(late)", r"CTE 'carrier_recent' must name its columns, carrier"),
        ("count(*) AS carrier", "avg(1.5) FILTER (false)::DECIMAL AS carrier", r"Column 'carrier_flights' is decimal"),
        ("avg(late) AS", "avg(lateness) AS", r"CTE 'carrier_recent', does not run"),
    ],
)
def test_a_view_that_is_wrong_is_a_sentence_and_writes_nothing(
    use_case: UseCase, publish_day: Publish, features_file: Path, old: str, new: str, sentence: str
) -> None:
    publish_day(DAYS[0])
    text = features_file.read_text()
    assert old in text
    features_file.write_text(text.replace(old, new))
    with pytest.raises(ConfigError, match=sentence):
        materialize(use_case, DAYS[0])
    assert not any(online_store().newest(view.id, DAYS[-1]) for view in views_before(use_case, text, features_file))


def views_before(use_case: UseCase, text: str, features_file: Path) -> list[View]:
    features_file.write_text(text)
    return [view for view in views(use_case).values() if view.name == "carrier_recent"]


def test_known_at_decides_the_day() -> None:
    from driftgate.lake import Revision
    from driftgate.online.materialize import first_day_after

    def day(known_at: datetime) -> str:
        return first_day_after(Revision(number=1, manifest="0", known_at=known_at))

    assert day(due("2013-03-10")) == "2013-03-11"
    assert day(datetime(2013, 3, 11, 0, 0, 1)) == "2013-03-12"
    assert day(datetime(2013, 12, 31, 23)) == "2014-01-01"
