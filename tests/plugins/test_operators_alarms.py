"""The hourly tasks that look after alarms, and what a task's end does to its own."""

from types import SimpleNamespace

from driftgate.alarms import alarm_of, alarms, raise_alarm
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring import decide
from driftgate.use_cases import load_use_case
from driftgate_airflow.alarms import end_alarm, record_alarm
from driftgate_airflow.lifecycle.sweep import sweep

KEY = "task_failed/flight_delays.monitor/decide/2013-04-02"


def ended(try_number: int = 3, **context: object) -> dict[str, object]:
    task = SimpleNamespace(dag_id="flight_delays.monitor", task_id="decide", run_id="r1", try_number=try_number)
    return {"ti": task, "dag_run": SimpleNamespace(partition_key="2013-04-02"), **context}


def test_a_failed_task_is_an_alarm_until_it_succeeds() -> None:
    end_alarm(ended())
    assert alarms() == []
    for _ in range(2):  # a callback may come twice
        record_alarm(ended(exception=ValueError("No labels of jane.doe@example.com.")))
    alarm = alarm_of(KEY)
    assert (alarm.count, alarm.use_case, alarm.evidence) == (1, "flight_delays", "r1/3")
    assert "network-ops@example.com" in alarm.owner
    assert alarm.sentence.startswith("No labels of ")
    assert "jane.doe" not in alarm.sentence
    record_alarm(ended(4))
    assert (alarm_of(KEY).count, alarm_of(KEY).sentence) == (2, "the task failed without a message")
    sweep(owner="ops", runbook=None).get_task("tend_alarms").post_execute(ended(5))
    assert alarm_of(KEY).state == "resolved"


def test_the_sweep_tends_alarms_and_links_their_page(run) -> None:
    raise_alarm("drift", "flight_delays", "The champion is worse.")
    task = sweep(owner="ops", runbook=None).get_task("tend_alarms")
    answer = run(params={}).execute(task)
    assert (answer["lasting"], answer["failed"]) == (1, 0)
    (link,) = task.operator_extra_links
    assert link.get_link(task, ti_key=None).endswith("/driftgate/reports/alarms/index.html")
    assert b"The champion is worse." in lake().read("reports/alarms/index.html")


def test_the_sweep_watches_use_cases_with_a_champion_only(run) -> None:
    task = sweep(owner="ops", runbook=None).get_task("watch_monitoring")
    assert run(params={}).execute(task) == {"use_cases": 0, "silent_or_blind": 0}
    metadata().append("deployment", "flight_delays", {})
    for day in ("2013-04-01", "2013-04-02", "2013-04-03"):
        assert decide(load_use_case("flight_delays"), day).decision == "cannot_judge"
    assert run(params={}).execute(task) == {"use_cases": 1, "silent_or_blind": 1}
    assert alarm_of("cannot_judge/flight_delays").state == "open"
