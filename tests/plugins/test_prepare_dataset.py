"""Preparing a dataset version tests it; one that fails is an alarm and a warning, and the run goes on."""

from types import SimpleNamespace

import pytest

from driftgate import datasets
from driftgate.alarms import alarms
from driftgate.evaluation.dataset_check import DatasetCheck
from driftgate.governance import dataset_check
from driftgate.lineage import DatasetRef, read_stream
from driftgate_airflow.operators.prepare_dataset import PrepareDatasetOperator

NAME = "flight_delays/2013-04-02-3f9c2a1"


@pytest.mark.parametrize(("verdict", "told"), [("holds", 0), ("fails", 1)])
def test_a_version_is_tested_when_it_is_made(run, monkeypatch, capsys, verdict, told):
    version = SimpleNamespace(name=NAME, rows=900, hash="c" * 64, pinned=())
    made = DatasetCheck(
        use_case="flight_delays", dataset_version=NAME, dataset_sha256="c" * 64, champion="1", model_sha256="b" * 64,
        contracts=(), scores=(), verdict=verdict, sentence="AUC is 0.6 against 0.7.",
    )  # fmt: skip
    monkeypatch.setattr(datasets, "prepare", lambda use_case, key: version)
    monkeypatch.setattr(dataset_check, "check_version", lambda use_case, found: made)
    task = PrepareDatasetOperator(task_id="prepare_dataset", use_case="flight_delays")
    answer = run().execute(task)

    assert answer == {"dataset_version": NAME, "rows": 900, "check": verdict}
    assert sum("warning" in line and "AUC is 0.6" in line for line in capsys.readouterr().out.splitlines()) == told
    assert len(alarms("data_change/", lasting=True)) == told
    (record,) = read_stream("flight_delays")
    assert DatasetRef(f"reports/datasets/{NAME}/check.json", made.hash) in record.outputs
    (button,) = task.operator_extra_links
    assert button.get_link(task, ti_key=None).endswith(f"reports/datasets/{NAME}/check.json")
