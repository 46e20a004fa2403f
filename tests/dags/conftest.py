"""The bag of the shipped DAGs, parsed once, without a metadata database."""

import os
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAGS = ROOT / "dags"

# Before the first import of Airflow: it reads these when it is imported.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="driftgate-airflow-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE"] = "False"
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(DAGS)
os.environ["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] = "False"


@pytest.fixture(scope="session")
def bag():
    """Every DAG of ``dags/``."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(DAGS)


@pytest.fixture(scope="session")
def dags(bag):
    """The DAGs by id, sorted, so that a failure names the same one each time."""
    return dict(sorted(bag.dags.items()))
