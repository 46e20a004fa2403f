"""The use case air_time from published days to performance evidence, in one process, on real flights.

Everything happens once for all tests: a dataset version, a training job in a process of its own, the evaluation, the
registered champion, an endpoint that answers a day, and the night after it.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from starlette.testclient import TestClient

from driftgate import uris
from driftgate.compute import JobResult, result, status, submit
from driftgate.contracts import load_contract
from driftgate.datasets import DatasetVersion, prepare, version_files
from driftgate.endpoint.server import Server
from driftgate.evaluation import EvaluationReport, evaluate
from driftgate.gate_policy import CalibrationGate, CostGate
from driftgate.lake import lake, publish
from driftgate.monitoring import (
    Evidence,
    join_ground_truth,
    measure,
    training_baseline,
)
from driftgate.online import materialize
from driftgate.partition_keys import due, keys_between
from driftgate.promotion import switch_champion
from driftgate.registry import ModelVersion, register_job
from driftgate.robustness_policy import RobustnessGate
from driftgate.sources import sample
from driftgate.training import training_spec
from driftgate.use_cases import UseCase, load_use_case
from driftgate.validation_policy import Splits
from driftgate.world.traffic import requests_of_day

TRAINED_ON = keys_between("2013-03-20", "2013-03-31")
ASKED = ["2013-04-01", "2013-04-02"]


def small(whole: UseCase) -> UseCase:
    """Return the use case with a window of twelve days, a small model and a policy for two nights."""
    train = {"window_days": 12, "validation_days": 4, "min_uplift": -100.0, "parameters": SMALL[whole.train.trainer]}
    performance = {"window_nights": 2, "min_rows": 500}
    monitor = {"performance": whole.monitor.performance.model_copy(update=performance)}
    limits = ("min_stability", "min_local_stability", "min_fidelity", "min_consistency")
    return whole.model_copy(
        update={
            "train": whole.train.model_copy(update=train),
            "monitor": whole.monitor.model_copy(update=monitor),
            "fairness": None,  # of four days its differences are chance
            "explain": whole.explain.model_copy(update=dict.fromkeys(limits)) if whole.explain else None,
            "gates": whole.gates.model_copy(
                update={
                    "cost": CostGate(max_increase_usd_per_1000=1e6),
                    "calibration": CalibrationGate(max_error=100),
                    "robustness": RobustnessGate(at_noise=0.1, max_flip_rate=1.0),
                }
            ),
            "validation": whole.validation.model_copy(update={"splits": Splits()}),  # four days have no weekend
        }
    )


SMALL: dict[str, dict[str, Any]] = {
    "lightgbm": {"num_iterations": 60, "min_data_in_leaf": 20},
    "torch": {"epochs": 8, "hidden_sizes": (32,), "batch_size": 64, "learning_rate": 0.003, "early_stopping_round": 0},
}


@dataclass
class Loop:
    """What came of each step."""

    home: Path
    use_case: UseCase
    version: DatasetVersion
    job: JobResult
    report: EvaluationReport
    model: ModelVersion
    answers: list[dict[str, Any]]
    openapi: dict[str, Any]
    nights: list[Evidence]
    skew: Evidence


@pytest.fixture(scope="session")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Loop:
    """Play the whole loop once."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        patch.setenv("DVC_NO_ANALYTICS", "1")
        use_case = small(load_use_case("air_time"))
        publish_days(use_case, TRAINED_ON)
        version = prepare(use_case, TRAINED_ON[-1])
        job = trained(use_case, version)
        report = evaluate(use_case, version.name, version_files(version.name), job, None)
        model = register_job(use_case, job.job_id, version.name, make_baseline=training_baseline)
        switch_champion(use_case, model.version, actor="test", reason="the first model")
        answers, openapi = asked(use_case, model)
        nights = [measure(use_case, key, "performance") for key in ASKED if join_ground_truth(use_case, key)]
        skew = measure(use_case, ASKED[0], "skew")
        return Loop(home, use_case, version, job, report, model, answers, openapi, nights, skew)


@pytest.fixture(autouse=True)
def at_home(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test looks at the one state folder."""
    monkeypatch.setenv("DRIFTGATE_HOME", str(loop.home))


def publish_days(use_case: UseCase, days: list[str], slower_by: int = 0) -> None:
    for dataset in use_case.datasets:
        outcomes = tuple(load_contract(dataset).outcomes)
        for day in days:
            path = uris.partition("validated", dataset, day)
            table = sample.table_of(dataset, day)
            if slower_by and "air_time_minutes" in table.column_names:
                minutes = table["air_time_minutes"]
                place = table.column_names.index("air_time_minutes")
                table = table.set_column(place, "air_time_minutes", pc.add(minutes, slower_by).cast(minutes.type))
            publish(lake(), path, table, known_at=due(day), outcomes=outcomes)


def trained(use_case: UseCase, version: DatasetVersion) -> JobResult:
    handle = submit(training_spec(use_case, version.name, "air-time-1"))
    deadline = time.monotonic() + 120
    while not handle.ended:
        assert time.monotonic() < deadline, "the job takes more than two minutes"
        time.sleep(0.1)
        handle = status(handle.job_id, handle.target)
    return result(handle.job_id, handle.target)


def asked(use_case: UseCase, model: ModelVersion) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Ask the endpoint about every flight of two days; each day's outcomes are published when it is over."""
    server, answers = Server(), []
    try:
        client = TestClient(server)
        for before, day in zip([TRAINED_ON[-1], *ASKED], ASKED, strict=False):
            materialize(use_case, before, model_views(model))
            server.watcher.poll()
            rows = requests_of_day(use_case, day)
            answer = client.post("/invocations", json={"use_case": use_case.name, "rows": rows})
            assert answer.status_code == 200, answer.text
            answers.append(answer.json())
            publish_days(use_case, [day])
        server.journal.close_segment(older_than_seconds=0)
        server.shipper.ship()
        return answers, client.get("/openapi.json").json()
    finally:
        server.journal.close()


def model_views(model: ModelVersion) -> tuple[Any, ...]:
    from driftgate.registry.package import load_signature

    return tuple(load_signature(model.use_case, model.version).views)
