"""DAG files load nothing heavy and serialise to the same bytes in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

DAGS = Path(__file__).resolve().parents[2] / "dags"

PARSE = """
import json, runpy, sys
from pathlib import Path
import airflow.sdk, airflow.sdk.definitions.dag, pydantic, yaml  # what Airflow itself has loaded
before = set(sys.modules)
found = {}
for file in sorted(Path(sys.argv[1]).glob("*.py")):
    runpy.run_path(str(file))
    found[file.name] = sorted({name.split(".")[0] for name in set(sys.modules) - before} & set(sys.argv[2].split(",")))
    before = set(sys.modules)
print(json.dumps(found))
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


def test_a_dag_file_loads_nothing_heavy():
    found = json.loads(run(PARSE, str(DAGS), HEAVY))
    assert len(found) >= 4
    heavy = {name: modules for name, modules in found.items() if modules}  # the first file that loads them is named
    assert not heavy, f"loaded when DAG files are imported: {heavy}; import them inside execute()"


def test_dags_serialise_to_the_same_bytes_whatever_the_hash_seed(bag):
    """Otherwise Airflow stores a new version of the DAG at every parse. This process has a random seed, the other 1."""
    from airflow.serialization.serialized_objects import DagSerialization

    assert len(bag.dags) >= 5
    here = json.dumps({name: DagSerialization.to_dict(dag) for name, dag in bag.dags.items()}, sort_keys=True)
    assert here == run(SERIALISE, str(DAGS), seed="1")
