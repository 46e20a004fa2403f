"""Answers meet their outcomes: once each, by request key, on the day whose outcomes are known."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.errors import SourceMissing
from driftgate.lake import lake, read_manifest
from driftgate.monitoring import JoinResult, join_ground_truth
from driftgate.monitoring.ground_truth import labelled_key, read_joined
from driftgate.monitoring.past import RecordedPast
from driftgate.sources import sample
from driftgate.use_cases import UseCase

DAY = "2013-04-02"  # 983 flights, three of them without an arrival


def joined(day: str = DAY) -> pa.Table:
    table = read_joined("flight_delays", day)
    assert table is not None
    return table


def lagging(use_case: UseCase, days: int) -> UseCase:
    return use_case.model_copy(update={"label": use_case.label.model_copy(update={"known_after_days": days})})


def test_a_real_day_is_joined_and_a_flight_that_never_arrived_has_no_label(use_case: UseCase, nights: Any) -> None:
    nights.happen(DAY)
    nights.answer(DAY, nights.rows(DAY))
    result = join_ground_truth(use_case, DAY)
    assert (result.requests, result.labelled, result.unlabelled) == (983, 980, 3)
    assert (result.failed, result.duplicates, result.shadow, result.outstanding) == (0, 0, 0, 0)
    delays = sample.table_of("flights", DAY).column("arr_delay_minutes")
    assert pc.sum(joined().column("label")).as_py() == pc.sum(pc.greater(delays, 15)).as_py()
    assert joined().column("label").null_count == 3


def test_each_label_is_that_of_its_own_flight(use_case: UseCase, nights: Any) -> None:
    flights = sample.table_of("flights", DAY)
    nights.happen(DAY)
    nights.answer(DAY, nights.rows(DAY), nights.scores(DAY, skill=1))  # the score is the outcome itself
    join_ground_truth(use_case, DAY)
    known = joined().filter(pc.is_valid(joined().column("label")))
    assert known.column("label").to_pylist() == [score > 0.5 for score in known.column("score").to_pylist()]
    assert flights.num_rows == joined().num_rows


def test_a_request_asked_twice_keeps_its_first_answer(use_case: UseCase, nights: Any) -> None:
    rows = nights.rows(DAY)[:5]
    nights.happen(DAY)
    nights.answer(DAY, rows, [0.1] * 5)
    nights.answer(DAY, rows[:2], [0.9] * 2, asked_again=1)
    result = join_ground_truth(use_case, DAY)
    assert (result.requests, result.duplicates) == (5, 2)
    assert set(joined().column("score").to_pylist()) == {0.1}


def test_a_shadows_answers_are_joined_and_counted_apart(use_case: UseCase, nights: Any) -> None:
    rows = nights.rows(DAY)[:5]
    nights.happen(DAY)
    nights.answer(DAY, rows, [0.1] * 5)
    nights.answer(DAY, rows[:3], [0.9] * 3, role="shadow", version="2")
    result = join_ground_truth(use_case, DAY)
    assert (result.requests, result.shadow, result.duplicates) == (5, 3, 0)
    shadows = joined().filter(pc.equal(joined().column("variant_role"), "shadow"))
    assert shadows.column("label").null_count == 0
    assert set(shadows.column("model_version").to_pylist()) == {"2"}


def test_what_the_fallback_answered_is_counted_apart_and_the_champion_failed(use_case: UseCase, nights: Any) -> None:
    rows = nights.rows(DAY)[:5]
    nights.happen(DAY)
    nights.answer(DAY, rows, [0.1, None, 0.3, None, 0.5])
    nights.answer(DAY, [rows[1], rows[3]], [0.2, 0.2], role="fallback")
    result = join_ground_truth(use_case, DAY)
    assert (result.requests, result.failed, result.fallback, result.shadow) == (5, 2, 2, 0)


def test_a_failed_answer_counts_as_failed(use_case: UseCase, nights: Any) -> None:
    nights.happen(DAY)
    nights.answer(DAY, nights.rows(DAY)[:3], [0.1, None, 0.3])
    assert join_ground_truth(use_case, DAY).failed == 1


def test_a_time_written_in_another_way_is_the_same_request(use_case: UseCase, nights: Any) -> None:
    rows = [{**row, "scheduled_departure": row["scheduled_departure"][:16]} for row in nights.rows(DAY)[:4]]
    nights.happen(DAY)
    nights.answer(DAY, rows)
    assert join_ground_truth(use_case, DAY).labelled == 4


def test_a_flight_that_nobody_operated_has_no_label(use_case: UseCase, nights: Any) -> None:
    nights.happen(DAY)
    nights.answer(DAY, [{**nights.rows(DAY)[0], "flight": 9999}])
    result = join_ground_truth(use_case, DAY)
    assert (result.requests, result.labelled, result.unlabelled) == (1, 0, 1)
    assert result.outstanding == 1  # it may still be delivered


def test_a_day_without_requests_is_an_empty_join_and_no_error(use_case: UseCase, nights: Any) -> None:
    nights.happen(DAY)
    assert join_ground_truth(use_case, DAY).requests == 0
    assert joined().num_rows == 0


def test_joining_again_gives_the_same_table_and_the_same_counts(use_case: UseCase, nights: Any) -> None:
    truth = nights.happen(DAY)
    nights.answer(DAY, nights.rows(DAY))
    first = join_ground_truth(use_case, DAY)
    assert join_ground_truth(use_case, DAY) == first
    manifest = read_manifest(lake(), first.path)
    assert (manifest.hash, manifest.inputs) == (first.manifest_hash, (truth,))
    assert RecordedPast("flight_delays").joined(DAY) == first


@pytest.mark.parametrize(("lag", "day"), [(1, "2013-04-02"), (2, "2013-04-01"), (31, "2013-03-03")])
def test_the_newest_day_with_outcomes_follows_from_the_label_lag(use_case: UseCase, lag: int, day: str) -> None:
    assert labelled_key(lagging(use_case, lag), "2013-04-02") == day


def test_with_a_lag_of_two_days_the_night_joins_the_day_before(use_case: UseCase, nights: Any) -> None:
    nights.happen("2013-04-01")
    nights.answer("2013-04-01", nights.rows("2013-04-01")[:7])
    nights.answer(DAY, nights.rows(DAY)[:9])
    result = join_ground_truth(lagging(use_case, 2), DAY)
    assert (result.key, result.labelled_key, result.requests) == (DAY, "2013-04-01", 7)
    with pytest.raises(SourceMissing):
        read_joined("flight_delays", DAY)


def test_outcomes_that_are_not_published_are_a_sentence(use_case: UseCase, nights: Any) -> None:
    nights.answer(DAY, nights.rows(DAY)[:1])
    with pytest.raises(SourceMissing, match=r"Nothing is published at .*/validated/flights/2013-04-02; run the ingest"):
        join_ground_truth(use_case, DAY)
    assert RecordedPast("flight_delays").joined(DAY) is None


GOLDEN = (
    '{"control":0,"duplicates":1,"failed":2,"fallback":0,"key":"2013-04-02","labelled":980,"labelled_key":"2013-04-01","manifest_hash":"ab",'
    '"outstanding":0,"path":"reports/monitoring/flight_delays/2013-04-01/joined","requests":983,"schema_version":1,"shadow":4,'
    '"share":1.0,"unlabelled":3,"use_case":"flight_delays"}'
)


def test_the_golden_result_is_written_and_read_unchanged() -> None:
    result = JoinResult(
        use_case="flight_delays",
        key="2013-04-02",
        labelled_key="2013-04-01",
        path="reports/monitoring/flight_delays/2013-04-01/joined",
        manifest_hash="ab",
        requests=983,
        labelled=980,
        unlabelled=3,
        failed=2,
        duplicates=1,
        shadow=4,
    )
    assert result.canonical().decode() == GOLDEN
    assert JoinResult.model_validate_json(GOLDEN) == result
