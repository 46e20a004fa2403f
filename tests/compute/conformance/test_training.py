"""A real training on every backend: undisturbed, and with its host taken away in between, with the same model bytes."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from driftgate import uris
from driftgate.compute import JobSpec, attempts, local, read_artefact, result, status, submit, tend
from driftgate.compute.progress import read_progress
from driftgate.datasets import prepare
from driftgate.lake import lake, publish
from driftgate.partition_keys import keys_between
from driftgate.sources import sample
from driftgate.training import training_spec
from driftgate.use_cases import load_use_case

DAYS = keys_between("2013-01-01", "2013-01-09")
Until = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def make_training(
    place: Any, compute_yaml: Callable[..., None], tagged: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], JobSpec]:
    """Return the spec of a training on nine real days."""
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "driftgate.training.entrypoint")
    if place.aws:
        place.aws.of_the_image(PYTHONPATH=os.environ["PYTHONPATH"])
    compute_yaml(main=place.target())
    whole = load_use_case("flight_delays")
    parameters = {"num_iterations": 1500, "early_stopping_round": 0, "min_data_in_leaf": 10, "num_leaves": 15}
    policy = {"window_days": 8, "validation_days": 1, "target": "main", "parameters": parameters}
    use_case = whole.model_copy(update={"train": whole.train.model_copy(update=policy)})
    for dataset in use_case.datasets:
        for day in DAYS:
            publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
    version = prepare(use_case, DAYS[-1]).name
    return lambda job_id: training_spec(use_case, version, job_id).model_copy(update={"tags": tagged})


@pytest.mark.slow
def test_a_training_whose_host_goes_gives_the_model_of_an_undisturbed_one(
    place: Any, make_training: Callable[[str], JobSpec], until: Until
) -> None:
    calm, troubled = make_training("calm"), make_training("troubled")
    submit(calm)
    until(lambda: tend("calm", "main").ended)
    submit(troubled)
    until(lambda: tend("troubled", "main") and (seen := read_progress("troubled")) and seen.iteration > 50)
    place.reclaim(status("troubled", "main"))
    until(lambda: tend("troubled", "main").ended)
    undisturbed, resumed = result("calm", "main"), result("troubled", "main")
    assert resumed.artefacts == undisturbed.artefacts
    assert read_artefact(resumed, resumed.model_file).startswith(b"tree\n")
    assert [attempt.outcome for attempt in attempts("troubled")] == ["interrupted", "succeeded"]
