"""A project of its own with a hair-trigger policy, its own ports and its own Airflow."""

import shutil
import socket
from functools import partial
from pathlib import Path

import pytest
import yaml

from driftgate import uris
from driftgate.lake import lake, publish
from driftgate.partition_keys import keys_between
from driftgate.records import read_yaml
from driftgate.sources import sample
from driftgate.use_cases import load_use_case
from driftgate.world import processes, stack

ROOT = Path(__file__).resolve().parents[2]

# Gates that four days say nothing of.
NOT_ASKED = dict.fromkeys(("cost", "calibration", "slices", "training_data"))

# The shipped policy needs weeks to fire and days to promote. This one does both on a slice of a few days, through the
# same code: two thirds of a day of shadow, one canary step, no margin for the champion.
UNLIMITED = {"min_stability": None, "min_local_stability": None, "min_fidelity": None, "min_consistency": None}
BEARS_ALL = {"max_flip_rate": 1.0, "max_metric_drop_missing": None}
IMPATIENT = {
    "train": {"window_days": 12, "validation_days": 4, "min_uplift": -1.0},
    # Four days have no weekend and a wind of their own, and eight teach little of what edge cases ask for.
    "validation": {"splits": {"max_psi": None}, "edge_cases": None},
    "explain": UNLIMITED,
    "fairness": None,
    "gates": {"champion": {"margin": 0.5, "confidence": 0.9}, "robustness": BEARS_ALL, **NOT_ASKED},
    "monitor": {"performance": {"window_nights": 2, "min_rows": 500, "max_auc_drop": 0.0, "confidence": 0.51}},
    "retrain": {
        "on": ["performance"],
        "rules": [],
        "nights": 1,
        "of_last": 1,
        "cooldown_days": 0,
        "cooldown_unhelpful_days": [],
        "min_new_rows": 0,
    },
    "promote": {
        "shadow": {"requests": 600},
        "steps_percent": [50, 100],
        "deadline_minutes": 5,
        # The baselines are one row-level sample of a few days each: without this the gate would reject at random.
        "guardrails": {
            "max_error_rate": 0.5,
            "max_latency_p95_ms": 5000,
            "min_agreement": -1.0,
            "max_log_loss_increase": 5.0,
            "max_prediction_shift": 1.0,
            "max_cost_increase_usd": 1000,
            "max_alarm_rate_shift": None,
        },
    },
}
# Its network learns for seconds: what it has learnt by then is not the point here.
SHORT = {
    "train": {"window_days": 12, "validation_days": 4, "min_uplift": -1000.0, "parameters": {"epochs": 3}},
    "validation": {"splits": {"max_psi": None}, "edge_cases": None},
    "explain": UNLIMITED,
    "fairness": None,
    "gates": {"robustness": BEARS_ALL, **NOT_ASKED},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of what makes a project, with the impatient use case."""
    root = tmp_path_factory.mktemp("project")
    for name in ("include/use_cases", "include/settings", "data_contracts", "dags", "plugins"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("include/compute.yaml", "include/price_table.yaml", "dvc.yaml", "params.yaml"):
        shutil.copy(ROOT / name, root / name)
    for name, changes in (("flight_delays", IMPATIENT), ("air_time", SHORT)):
        change_use_case(root, name, changes)
    return root


@pytest.fixture(scope="module")
def change(project):
    """Change some keys of a use case while everything runs: ``change(name, {…})``."""
    return partial(change_use_case, project)


@pytest.fixture(scope="module")
def stack_home(project, tmp_path_factory):
    """The state folder and the ports of this module; everything is stopped, and waited for, at the end."""
    patch = pytest.MonkeyPatch()
    home = tmp_path_factory.mktemp("stack")
    for name, value in {
        "DRIFTGATE_PROJECT": str(project),
        "DRIFTGATE_HOME": str(home),
        "DRIFTGATE_AIRFLOW_PORT": str(free_port()),
        "DRIFTGATE_EXECUTION_PORT": str(free_port()),
        "DRIFTGATE_ENDPOINT_PORT": str(free_port()),
    }.items():
        patch.setenv(name, value)
    yield home
    patch.setattr(processes, "STOP_SECONDS", 2)  # nothing is under way any more that would be worth ten
    stack.stop()
    patch.undo()


@pytest.fixture(scope="module")
def publish_days(stack_home):
    """Publish the days that a demo would load, as its runs do."""

    def publish_them(plan):
        for dataset in load_use_case(plan.use_case).datasets:
            for day in keys_between(plan.first, plan.backfilled_to):
                publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))

    return publish_them


@pytest.fixture(autouse=True)
def project_home(stack_home, monkeypatch):
    """Every test here shares the one running stack instead of a fresh state folder."""
    monkeypatch.setenv("DRIFTGATE_HOME", str(stack_home))
    return stack_home


def change_use_case(project: Path, name: str, changes: dict) -> None:
    """Change some keys of a use case; who reads it next sees them."""
    path = project / f"include/use_cases/{name}/use_case.yaml"
    use_case = read_yaml(path)
    merge(use_case, changes)
    path.write_text(yaml.safe_dump(use_case))


def merge(target: dict, values: dict) -> None:
    for key, value in values.items():
        if isinstance(value, dict):
            merge(target[key], value)
        else:
            target[key] = value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
