"""A real training on Batch, lake and dataset version on S3: undisturbed, and with its host taken away in between."""

from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws

from driftgate import uris
from driftgate.compute import JobSpec, attempts, read_artefact, result, submit, tend
from driftgate.compute.permissions import PERMISSIONS
from driftgate.datasets import prepare
from driftgate.lake import lake, publish
from driftgate.ledger import collect, rows
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.training import training_spec
from driftgate.use_cases import load_use_case

DAYS = keys_between("2013-01-01", "2013-01-09")
Until = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def make_spec(
    on_s3: LocalAws, compute_yaml: Callable[..., None], batch_target: dict[str, Any], tagged: dict[str, str]
) -> Callable[[str], JobSpec]:
    """Return the spec of a training on nine real days, for a Batch target on Spot."""
    spot = {"queue": on_s3.spot_queue, "spot": True, "max_wait_minutes": 30, "instance_type": "c7i.large"}
    compute_yaml(spot={**batch_target, **spot})
    whole = load_use_case("flight_delays")
    parameters = {"num_iterations": 1500, "early_stopping_round": 0, "min_data_in_leaf": 10, "num_leaves": 15}
    policy = {"window_days": 8, "validation_days": 1, "target": "spot", "parameters": parameters}
    use_case = whole.model_copy(update={"train": whole.train.model_copy(update=policy)})
    for dataset in use_case.datasets:
        for day in DAYS:
            publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
    version = prepare(use_case, DAYS[-1]).name
    return lambda job_id: training_spec(use_case, version, job_id).model_copy(update={"tags": tagged})


def log_of(aws: LocalAws, remote_id: str) -> str:
    """Return the log of a job's last attempt."""
    stream = aws.client("batch").describe_jobs(jobs=[remote_id])["jobs"][0]["container"].get("logStreamName", "")
    logs = aws.client("logs")
    streams = logs.describe_log_streams(logGroupName=aws.log_group, logStreamNamePrefix=stream)["logStreams"]
    if not stream or not streams:
        return ""
    events = logs.get_log_events(logGroupName=aws.log_group, logStreamName=stream, startFromHead=True)["events"]
    return "\n".join(event["message"] for event in events)


@pytest.mark.slow
def test_a_training_whose_host_goes_gives_the_model_of_an_undisturbed_one(
    on_s3: LocalAws, make_spec: Callable[[str], JobSpec], until: Until
) -> None:
    on_s3.of_the_image(AWS_ACCESS_KEY_ID="job")  # so that its calls are told apart
    calm, troubled = make_spec("calm"), make_spec("troubled")
    submit(calm)
    until(lambda: tend("calm", "spot").ended)
    remote = str(submit(troubled).remote_id)
    until(lambda: "iteration 50:" in log_of(on_s3, remote))
    on_s3.interrupt(remote)
    until(lambda: tend("troubled", "spot").ended)
    undisturbed, resumed = result("calm", "spot"), result("troubled", "spot")
    assert resumed.artefacts == undisturbed.artefacts
    assert read_artefact(resumed, resumed.model_file).startswith(b"tree\n")
    ran = on_s3.client("batch").describe_jobs(jobs=[remote])["jobs"][0]
    assert len(ran["attempts"]) == 2
    assert ran["attempts"][0]["statusReason"].startswith("Host EC2")
    first, second = attempts("troubled")
    assert (first.outcome, second.outcome, first.resumed_from) == ("interrupted", "succeeded", None)
    assert second.resumed_from and second.resumed_from >= 50  # from the checkpoint that its SIGTERM made it save
    assert on_s3.submits(ran["jobName"]) == 1

    charges = collect("troubled")
    assert [(row.attempt, row.interruptions, row.spot, row.tagged) for row in charges] == [
        (1, 1, True, True),
        (2, 0, True, True),
    ]
    assert all(row.cost_usd and row.saving_usd and row.gb_moved is not None for row in charges)
    assert collect("troubled") == charges
    assert rows("flight_delays") == charges

    called = on_s3.s3_calls("job")
    assert {action for action, _ in called} <= set(PERMISSIONS["job"])
    touched = {(action, path) for action, path in called if action != "s3:ListBucket"}
    written = {path for action, path in touched if action != "s3:GetObject"}
    assert written and all(path.startswith(f"{on_s3.bucket}/jobs/") for path in written)
    assert all(path.startswith((f"{on_s3.bucket}/jobs/", "versions/")) for _, path in touched)
