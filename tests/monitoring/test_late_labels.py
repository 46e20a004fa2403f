"""Outcomes that come late or are corrected: joined again, measured again, and nothing that was decided moves."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from driftgate.monitoring import Evidence, decide, join_night, measure, revised_since, verdict_of
from driftgate.monitoring.evidence import read_evidence
from driftgate.monitoring.ground_truth import read_joined
from driftgate.monitoring.late_labels import changed_days, nights_of
from driftgate.monitoring.past import RecordedPast
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.use_cases import UseCase

DAYS = keys_between("2013-04-02", "2013-04-04")
TONIGHT = DAYS[-1]


@pytest.fixture
def played(use_case: UseCase, nights: Any) -> Any:
    """Three nights whose second day came with no outcome for most of its flights."""
    nights.model("1", auc=0.7)
    for key in DAYS:
        flights = sample.table_of("flights", key)
        nights.happen(key, flights.slice(0, 100) if key == DAYS[1] else flights)
        nights.answer(key, nights.rows(key), nights.scores(key, skill=0.25))
        join_night(use_case, key)
        measure(use_case, key, "performance")
    return nights


def test_a_day_with_few_outcomes_waits_and_is_counted(use_case: UseCase, played: Any) -> None:
    found = read_evidence("flight_delays", TONIGHT, "performance")
    assert found is not None
    rows = [sample.table_of("flights", key).column("arr_delay_minutes") for key in (DAYS[0], DAYS[2])]
    assert found.sample_size == sum(len(column) - column.null_count for column in rows)
    assert found.statistics[-1].name == "waiting_days" and found.statistics[-1].value == 1
    assert found.sentence.endswith(" 2013-04-03 waits until 90% of its answers have an outcome.")


def test_outcomes_that_never_come_are_not_waited_for(use_case: UseCase, nights: Any) -> None:
    """A storm: most flights are cancelled, each has its row, and no outcome will come."""
    nights.model("1", auc=0.7)
    for key in DAYS:
        flights = sample.table_of("flights", key)
        if key == DAYS[1]:
            cancelled = pa.array([None] * 800 + [False] * (flights.num_rows - 800))
            column = pc.if_else(pc.is_null(cancelled), None, flights.column("arr_delay_minutes"))
            flights = flights.set_column(flights.column_names.index("arr_delay_minutes"), "arr_delay_minutes", column)
        nights.happen(key, flights)
        nights.answer(key, nights.rows(key), nights.scores(key, skill=0.25))
        join_night(use_case, key)
    found = measure(use_case, TONIGHT, "performance")
    assert "waiting_days" not in {item.name for item in found.statistics}
    assert found.sample_size > 2000


def test_the_night_after_takes_in_what_came_late(use_case: UseCase, played: Any) -> None:
    """Nobody ran that partition's monitor again: tonight finds by itself that the day has other outcomes now."""
    before = read_evidence("flight_delays", TONIGHT, "performance")
    decided = decide(use_case, TONIGHT)
    played.happen(DAYS[1])
    assert changed_days(use_case, TONIGHT) == changed_days(use_case, "2013-04-17") == [DAYS[1]]
    joined = join_night(use_case, DAYS[1])  # the run of the late partition
    assert [evidence.key for evidence in joined.revised] == [TONIGHT]
    now = read_evidence("flight_delays", TONIGHT, "performance")
    assert before is not None and now is not None
    assert (before.revision, now.revision) == (1, 2)
    assert now.sample_size > before.sample_size + 800
    assert changed_days(use_case, TONIGHT) == []
    assert verdict_of("flight_delays", TONIGHT) == decided
    assert revised_since(decided)[0].startswith(f"When {TONIGHT} was decided, performance said")
    assert "The verdict 'cannot_judge' stands." in revised_since(decided)[0]


def test_a_later_night_joins_the_late_day_too(use_case: UseCase, played: Any) -> None:
    played.happen(DAYS[1])
    join_night(use_case, TONIGHT)
    assert read_joined("flight_delays", DAYS[1]).column("label").null_count < 20
    counted = RecordedPast("flight_delays").joined(DAYS[1])
    assert counted is not None and counted.labelled > 900


AFTER = "2013-04-05"


def night(use_case: UseCase, nights: Any, key: str) -> Evidence:
    """What the payoff monitor says in a night whose outcomes are there."""
    nights.happen(key)
    nights.answer(key, nights.rows(key), nights.scores(key, skill=0.25))
    join_night(use_case, key)
    return measure(use_case, key, "payoff")


def test_the_night_after_the_pilot_learns_what_came_late_in_its_place(use_case: UseCase, played: Any) -> None:
    waited = [measure(use_case, key, "payoff") for key in DAYS]
    assert [len(one.carried["gains"]) for one in waited] == [1, 1, 1]
    assert [one.sample_size for one in waited] == [1, 1, 2]
    played.happen(DAYS[1])
    found = night(use_case, played, AFTER)
    assert [measure(use_case, key, "payoff").sample_size for key in DAYS] == [1, 2, 3], "had they been on time"
    assert measure(use_case, AFTER, "payoff") == found and found.sample_size == 4


def test_a_partition_that_was_published_after_the_next_one_is_learnt_too(use_case: UseCase, nights: Any) -> None:
    """Its night runs when it comes, after that of the next day, which no longer misses it the night after."""
    nights.model("1", auc=0.7)
    night(use_case, nights, DAYS[0])
    nights.answer(DAYS[1], nights.rows(DAYS[1]), nights.scores(DAYS[1], skill=0.25))
    before = night(use_case, nights, DAYS[2])
    assert before.sentence.endswith("2013-04-03 waits until 90% of its answers have an outcome.")
    nights.happen(DAYS[1])
    join_night(use_case, DAYS[1])
    counted = [measure(use_case, DAYS[1], "payoff").sample_size, night(use_case, nights, AFTER).sample_size]
    assert (before.sample_size, counted) == (2, [2, 4])


def test_joining_again_without_news_revises_nothing(use_case: UseCase, played: Any) -> None:
    assert join_night(use_case, TONIGHT).revised == ()
    again = measure(use_case, TONIGHT, "performance")
    assert again.revision == 1


def test_with_a_lag_the_nights_of_a_day_begin_later(use_case: UseCase) -> None:
    lagging = use_case.model_copy(update={"label": use_case.label.model_copy(update={"known_after_days": 3})})
    assert nights_of(use_case, "2013-04-02") == keys_between("2013-04-02", "2013-04-04")
    assert nights_of(lagging, "2013-04-02") == keys_between("2013-04-04", "2013-04-06")
