"""The weekly look at the champion: skipped where there is nothing to compare, a warning where it got worse."""

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from driftgate.evaluation import revalidate as room
from driftgate.evaluation.revalidate import Revalidation
from driftgate.lineage import DatasetRef, read_stream
from driftgate_airflow.operators.revalidate_champion import RevalidateChampionOperator

NAME, KEY = "flight_delays", "2013-04-08"


def task():
    return RevalidateChampionOperator(task_id="revalidate", use_case=NAME)


def test_without_a_champion_it_is_skipped_with_the_reason(run):
    with pytest.raises(AirflowSkipException, match="flight_delays has no champion yet"):
        run(KEY).execute(task())
    assert not read_stream(NAME)


def test_a_day_that_is_none_fails_with_a_sentence(run):
    with pytest.raises(AirflowFailException, match="no partition key"):
        run(key=None).execute(task())


@pytest.mark.parametrize(("verdict", "warnings"), [("holds", 0), ("worse", 1)])
def test_a_report_is_in_the_lineage_and_what_got_worse_in_the_log(run, monkeypatch, capsys, verdict, warnings):
    made = Revalidation(
        use_case=NAME, key=KEY, champion="1", model_sha256="a" * 64, first_day="2013-04-01", last_day=KEY, rows=900,
        metrics={"auc": 0.6}, metric_impl_versions={"auc": 1}, intervals={"auc": (0.55, 0.65)}, reference=0.7,
        reference_interval=(0.68, 0.72), segments=(), edge_cases=(), verdict=verdict, sentence="AUC is 0.6.",
    )  # fmt: skip
    monkeypatch.setattr(room, "revalidate", lambda use_case, key: made)
    answer = run(KEY).execute(task())
    assert answer == {"verdict": verdict, "champion": "1", "rows": 900, "reason": "AUC is 0.6."}
    assert sum("warning" in line and "AUC is 0.6." in line for line in capsys.readouterr().out.splitlines()) == warnings
    (record,) = read_stream(NAME)
    assert record.outputs == (DatasetRef(f"reports/revalidation/{NAME}/{KEY}.json", made.hash),)
