"""DAG files load nothing heavy and serialise to the same bytes in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(DAGS.glob("*.py"))

PARSE = """
import json, runpy, sys
import airflow.sdk, airflow.sdk.definitions.dag, pydantic, yaml  # what Airflow itself has loaded
before = set(sys.modules)
runpy.run_path(sys.argv[1])
heavy = sorted({name.split(".")[0] for name in set(sys.modules) - before} & set(sys.argv[2].split(",")))
print(json.dumps(heavy))
"""

SERIALISE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization
bag = DagBag(sys.argv[1])
print(json.dumps({name: DagSerialization.to_dict(dag) for name, dag in bag.dags.items()}, sort_keys=True))
"""

HEAVY = "pandas,pyarrow,duckdb,great_expectations,lightgbm,mlflow,sklearn,scipy,torch,boto3,dvc"


def run(code: str, *arguments: str, seed: str = "0") -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_loads_nothing_heavy(file):
    heavy = json.loads(run(PARSE, str(file), HEAVY))
    assert not heavy, f"{file.name} loads {heavy} at import; import them inside execute()"


def test_dags_serialise_to_the_same_bytes_whatever_the_hash_seed():
    """Otherwise Airflow stores a new version of the DAG at every parse."""
    first, second = (run(SERIALISE, str(DAGS), seed=seed) for seed in ("1", "2"))
    assert len(json.loads(first)) >= 5
    assert first == second
