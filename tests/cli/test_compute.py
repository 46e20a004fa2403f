"""``driftgate compute benchmark`` on eleven real days: two targets, one table, one record; and its refusals."""

import json

import pytest

from driftgate import uris
from driftgate.experiments.compute_benchmark import Measured, gpu_sentence
from driftgate.lake import lake

ONE = {"job_id": "j", "rows": 10, "rows_per_second": 1, "peak_memory_mib": 1, "value": 0.7, "trainer": "lightgbm"}
ONE |= {"cpu_p95_percent": 9, "memory_p95_percent": 9, "usd_per_1000_rows": None}
ONE |= {"latency_p50_ms": 1, "latency_p95_ms": 1}


@pytest.mark.soak
def test_two_targets_are_measured_and_the_record_is_kept(run, january_version, compute_yaml):
    size = {"backend": "local", "memory_mib": 4096, "timeout_minutes": 5}
    compute_yaml({"local": "two", "remote": "one"}, one={**size, "vcpu": 1}, two={**size, "vcpu": 2})
    asked = ["compute", "benchmark", "flight_delays", january_version, "--targets", "one,auto", "--row-share", "0.5"]
    answer = run(*asked, "--json")
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout[answer.stdout.index("{") :])
    assert [one["target"] for one in told["measured"]] == ["one", "two"]  # auto: the data are small
    first, second = told["measured"]
    assert first["value"] == second["value"]  # the same seed gives the same model, whatever the target
    assert all(one["seconds"] > 0 and one["latency_p95_ms"] >= one["latency_p50_ms"] > 0 for one in told["measured"])
    assert first["usd_per_1000_rows"] == 0  # the local rate, as price_table.yaml has it
    assert told["gpu_sentence"] == "No target with a GPU was measured, so none is justified."
    kept = lake().read(uris.experiment("flight_delays", january_version, f"{told['id']}.json"))
    assert json.loads(kept) == told


@pytest.mark.parametrize(
    ("option", "sentence"),
    [(["--trainers", "lightgm"], "There is no trainer 'lightgm'"), ([], "There is no compute target 'nowhere'")],
)
def test_an_unknown_name_is_a_sentence(run, january_version, option, sentence):
    answer = run("compute", "benchmark", "flight_delays", january_version, "--targets", "nowhere", *option)
    assert answer.exit_code == 1
    assert sentence in " ".join(answer.output.split())


@pytest.mark.parametrize(
    ("seconds", "sentence"),
    [(50, "gpu is 2.0 times as fast as cpu"), (90, "less than 1.2: its GPU is not justified")],
)
def test_a_gpu_needs_a_measured_gain(seconds, sentence):
    cpu = Measured(target="cpu", seconds=100, gpu_p95_percent=None, **ONE)
    gpu = Measured(target="gpu", seconds=seconds, gpu_p95_percent=80, **ONE)
    assert sentence in gpu_sentence([cpu, gpu])
    assert "no gain of one is known" in gpu_sentence([gpu])
