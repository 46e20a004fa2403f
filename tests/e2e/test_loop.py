"""The whole loop on real flights through real Airflow, with processes killed on the way."""

import json
import os
import signal
import time
from io import StringIO

import httpx
import pytest
from rich.console import Console

from driftgate import uris
from driftgate.alarms.keeping import history
from driftgate.backtest.gates import gated
from driftgate.backtest.models import Models
from driftgate.backtest.recorded import decided_again
from driftgate.backtest.rows import published_rows
from driftgate.captures import capture_days, read_captures
from driftgate.errors import DriftgateError
from driftgate.evaluation import EvaluationReport
from driftgate.lake import lake
from driftgate.lineage import verify
from driftgate.monitoring import Outcome, outcomes, verdict_of
from driftgate.partition_keys import keys_between
from driftgate.promotion import deployment
from driftgate.registry import find_model, list_models, load_package
from driftgate.registry.approval import approve
from driftgate.registry.states import model_state
from driftgate.settings import settings
from driftgate.sources import sample
from driftgate.use_cases import load_use_case
from driftgate.world import demo, processes, stack, traffic
from driftgate.world.airflow_api import AirflowApi
from driftgate.world.replay import play_day

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PLAN = demo.Plan(first="2013-03-01", loaded_by_hand_to="2013-03-12", backfilled_to="2013-03-13", played_to="2013-03-14")
NAME = PLAN.use_case
PLANTED = "2013-03-14"  # of which no promotion has been yet


@pytest.fixture(scope="module")
def use_case(stack_home):
    return load_use_case(NAME)


@pytest.fixture(scope="module")
def api(stack_home):
    """The loop up to its first model and its first played day."""
    demo.run_demo(PLAN, Console(file=StringIO()))
    with AirflowApi() as api:
        yield api


def test_the_first_model_serves_after_the_bootstrap(api, use_case):
    state = deployment(NAME)
    assert state.champion == "1"
    assert httpx.get(f"{stack.endpoint_url()}/ping").status_code == 200
    assert read_captures(NAME, "2013-03-14").num_rows == len(traffic.requests_of_day(use_case, "2013-03-14"))


def test_running_the_demo_again_changes_nothing(api):
    before = deployment(NAME)
    demo.run_demo(PLAN, Console(file=StringIO()))
    assert deployment(NAME) == before


def test_a_quiet_night_skips_the_training(api):
    """One night of labels is below the policy's window, so monitoring cannot call for a retraining yet."""
    states = {task["task_id"]: task["state"] for task in api.tasks(f"{NAME}.retrain", "replay__2013-03-14")}
    assert verdict_of(NAME, "2013-03-14").decision != "retrain"
    assert states["drift_sensor"] == "skipped"
    assert states["train_candidate"] == "skipped"


def test_the_second_use_case_retrains_and_serves_in_the_same_airflow(api):
    """A number instead of a probability, a network in a job of its own instead of trees."""
    pytest.importorskip("torch", reason="the trainer of air_time needs torch; run make torch")
    api.unpause(["air_time.retrain", "air_time.promote"])
    conf = {"reason": "bootstrap", "replay": True}
    run_id = api.trigger("air_time.retrain", "bootstrap", key="2013-03-14", conf=conf)
    api.wait("air_time.retrain", run_id, seconds=300)
    api.wait_for_partitions("air_time.promote", ["2013-03-14"], seconds=120)
    (model,) = list_models("air_time")
    assert (deployment("air_time").champion, model.trainer) == (model.version, "torch")
    stack.wait_for_model("air_time")
    request = {"use_case": "air_time", "rows": traffic.requests_of_day(load_use_case("air_time"), "2013-03-14")[:20]}
    answer = httpx.post(f"{stack.endpoint_url()}/invocations", json=request)
    assert answer.status_code == 200, answer.text
    assert all(10 < prediction["value"] < 800 for prediction in answer.json()["predictions"])


def test_a_killed_endpoint_loses_no_answer_and_comes_back_with_the_same_champion(api, use_case):
    sample.deliver("2013-03-15", "2013-03-15")
    rows = traffic.requests_of_day(use_case, "2013-03-15")[:200]
    for row in rows:
        answer = httpx.post(f"{stack.endpoint_url()}/invocations", json={"use_case": NAME, "rows": [row]})
        assert answer.status_code == 200
    kill("endpoint")
    stack.start(lambda _: None)
    stack.wait_for_model(NAME)
    wait_until(lambda: read_captures(NAME, "2013-03-15").num_rows == 200)
    assert deployment(NAME).champion == "1"


def test_a_killed_scheduler_costs_no_partition(api, use_case):
    """The day goes on where it was: the 200 answered requests are not sent again, the run ends after the restart."""
    run_id = api.trigger("nycflights.ingest", "replay__2013-03-15", key="2013-03-15", conf={"replay": True})
    wait_until(lambda: api.state("nycflights.ingest", run_id) == "running")
    kill("scheduler")
    stack.start(lambda _: None)
    play_day(api, use_case, "2013-03-15", "nycflights", lambda _: None)
    requests = len(traffic.requests_of_day(use_case, "2013-03-15"))
    assert read_captures(NAME, "2013-03-15").num_rows == requests
    assert verdict_of(NAME, "2013-03-15") is not None


def test_drift_retrains_and_the_candidate_becomes_champion(api, use_case):
    nights = []
    for key in keys_between("2013-03-16", "2013-03-21"):
        nights.append((play_day(api, use_case, key, "nycflights", lambda _: None), verdict_of(NAME, key).sentence))
        if deployment(NAME).champion != "1":
            break
    assert deployment(NAME).champion == "2", nights
    wait_until(lambda: served_versions() == {"2"})
    package = load_package(NAME, "2")
    assert package.info["dataset_version"].startswith(f"{NAME}/2013-03-1")
    assert {model.version for model in list_models(NAME)} == {"1", "2"}


def test_alarm_verdict_and_outcome_of_that_retraining_lead_to_each_other(api):
    wait_until(lambda: retraining_of("2").status == "champion")  # noted right after the switch
    outcome = retraining_of("2")
    verdict = verdict_of(NAME, outcome.key)
    causes = {found.monitor: found.hash for found in verdict.evidence if found.monitor in verdict.causes}
    assert (verdict.decision, verdict.champion, tuple(causes)) == ("retrain", "1", ("performance",))
    assert (outcome.trigger, outcome.verdict, outcome.evidence) == ("drift", verdict.hash, causes)
    raised = [alarm for alarm in history(f"drift/{NAME}") if alarm.evidence == verdict.hash]
    assert {(alarm.kind, alarm.use_case) for alarm in raised} == {("drift", NAME)}
    assert raised[0].sentence.startswith(f"{outcome.key}: retrain (performance_lost).")


def test_a_backtest_trains_the_same_model_and_its_gates_say_the_same(api, use_case):
    report = EvaluationReport.model_validate_json(lake().read(f"{find_model(NAME, '2').folder}/evaluation.json"))
    key = retraining_of("2").key
    models = Models(published_rows(use_case, PLAN.played_to, key))
    first, second = models.of(PLAN.backfilled_to), models.of(key)
    assert gated(use_case, first, None).model_sha256 == find_model(NAME, "1").model_sha256
    replayed = gated(use_case, second, first)
    assert (replayed.model_sha256, replayed.passed) == (report.model_sha256, report.passed)
    live = [gate for gate in told(report) if not gate[0].startswith(("explanation", "robustness"))]
    assert told(replayed) == live


def test_nights_that_airflow_made_are_decided_again_byte_for_byte(api, use_case):
    assert [night.sentence for night in decided_again(use_case) if not night.same] == []


def test_who_asked_for_a_candidate_cannot_approve_it_and_another_can(api, change, use_case):
    """The candidate learns the opposite of what is asked, and its gates are asked the same wrong question."""
    changes = {"label": {"expression": "arr_delay_minutes <= 15"}, "promote": {"approve": "always"}}
    change(NAME, changes)
    conf = {"reason": "planted by a test", "replay": True}
    api.wait(f"{NAME}.retrain", api.trigger(f"{NAME}.retrain", "planted", key=PLANTED, conf=conf), seconds=300)
    assert [model.version for model in list_models(NAME)] == ["1", "2", "3"]
    wait_until(lambda: question(api) is not None)
    assert respond(api, "Approve") == 200  # by the user who triggered the training
    assert question(api) is None
    wait_until(lambda: question(api) is not None)  # so it is asked again
    assert model_state(NAME, "3").state in ("candidate", "needs_review")
    approve(load_use_case(NAME), "3", actor="ann", reason="a test of what comes after the gates")
    task = {"dag_run_id": promotion(api), "task_ids": ["approve"], "only_failed": False, "dry_run": False}
    assert api.http.post(f"/api/v2/dags/{NAME}.promote/clearTaskInstances", json=task).status_code == 200
    wait_until(lambda: deployment(NAME).step == "shadow")


def test_a_worse_candidate_is_rolled_back_by_itself_and_the_report_says_why(api, change, use_case):
    changes = {
        "label": {"expression": use_case.label.expression},
        "promote": {"guardrails": {"max_log_loss_increase": 0.1}},
        "retrain": {"cooldown_days": 7},  # only the planted one is to move tonight
    }
    change(NAME, changes)
    tomorrow = keys_between(max(capture_days(NAME)), "2013-04-30")[1]
    play_day(api, load_use_case(NAME), tomorrow, "nycflights", lambda _: None)
    wait_until(lambda: deployment(NAME).candidate is None)
    assert deployment(NAME).champion == "2"
    wait_until(lambda: served_versions() == {"2"})
    report = json.loads(lake().read(uris.promotion_report(NAME, "3", "shadow")))
    (loss,) = (one for one in report["guardrails"] if one["name"] == "log_loss_increase")
    assert (report["outcome"], loss["verdict"]) == ("fail_now", "fail")
    assert 0 < loss["failed_after"] < report["requests"]
    assert model_state(NAME, "3").state == "rejected"


def test_every_lineage_chain_is_whole(api):
    for stream in (NAME, "nycflights"):
        assert verify(stream) == []
        assert lake().list(f"lineage/{stream}")


def test_a_missing_day_fails_its_run_with_a_sentence(api):
    run_id = api.trigger("nycflights.ingest", "nothing_there", key="2013-09-09", conf={"replay": True})
    with pytest.raises(DriftgateError, match="failed in ingest_"):
        api.wait("nycflights.ingest", run_id, seconds=60)


def test_a_task_leads_to_its_page_for_those_who_are_logged_in(api):
    task = "/api/v2/dags/nycflights.ingest/dagRuns/replay__2013-03-14/taskInstances/validate_flights"
    address = api.http.get(f"{task}/links").json()["extra_links"]["Data Docs"]
    page = api.http.get(address)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "flights 2013-03-14" in page.text
    assert httpx.get(f"{settings().airflow.url}{address}").status_code == 401


def test_a_rollback_by_hand_is_a_dry_run_until_told_otherwise(api):
    conf = {"reason": "a test", "to_previous": True}
    api.wait(f"{NAME}.rollback", api.trigger(f"{NAME}.rollback", "dry", conf=conf), seconds=60)
    assert deployment(NAME).champion == "2"
    api.wait(f"{NAME}.rollback", api.trigger(f"{NAME}.rollback", "wet", conf={**conf, "dry_run": False}), seconds=60)
    assert deployment(NAME).champion == "1"
    wait_until(lambda: served_versions() == {"1"})


def retraining_of(version: str) -> Outcome:
    """What is recorded of the retraining that made a version."""
    (found,) = (outcome for outcome in outcomes(NAME) if outcome.model_version == version)
    return found


def told(report: EvaluationReport) -> list[tuple[object, ...]]:
    """What the gates say; their sentences call versions by name, and a replay's names are others."""
    return [(gate.gate, gate.metric, gate.value, gate.interval, gate.threshold, gate.verdict) for gate in report.gates]


def promotion(api) -> str:
    """The run that promotes the planted candidate."""
    return api.run_of_partition(f"{NAME}.promote", PLANTED)["dag_run_id"]


def question(api) -> dict | None:
    """What the promotion asks a person now and nobody has answered."""
    if api.run_of_partition(f"{NAME}.promote", PLANTED) is None:
        return None
    answer = api.http.get(hitl(api))
    return answer.json() if answer.status_code == 200 and not answer.json()["response_received"] else None


def respond(api, option: str) -> int:
    return api.http.patch(hitl(api), json={"chosen_options": [option], "params_input": {}}).status_code


def hitl(api) -> str:
    return f"/api/v2/dags/{NAME}.promote/dagRuns/{promotion(api)}/taskInstances/approve/-1/hitlDetails"


def served_versions() -> set[str]:
    """The versions that the endpoint itself says it answers with."""
    answer = httpx.get(f"{stack.endpoint_url()}/deployments").json()
    return {variant["version"] for variant in answer[NAME]["variants"] if variant["role"] != "shadow"}


def kill(name: str) -> None:
    """Kill -9 the process, not its children, as a crash would."""
    process = processes.find(name)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)


def wait_until(condition, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true in time"
        time.sleep(0.1)
