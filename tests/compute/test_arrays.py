"""An array's children, which of them a process runs, and the result of all of them together."""

from collections.abc import Callable

import pytest

from driftgate.compute import JobResult, JobSpec, arrays
from driftgate.compute.job_files import read_result, read_spec, result_path, spec_uri
from driftgate.compute.jobs import Variation
from driftgate.lake import lake


@pytest.fixture
def spec(job_spec: Callable[..., JobSpec]) -> JobSpec:
    return job_spec(array=(Variation(), Variation(seed=8, row_share=0.5, parameters={"num_leaves": 7})))


def finish(child: JobSpec, auc: float) -> None:
    """Leave the result of a child in the lake."""
    result = JobResult(
        job_id=child.job_id,
        spec_sha256=child.hash,
        artefacts={},
        metrics={"validation_auc": auc},
        stop_reason="all_iterations",
        seconds=1.5,
        cpu_seconds=2.0,
        peak_memory_mib=100 * auc,
    )
    lake().write(result_path(child.job_id), result.canonical())


def test_a_child_is_its_array_with_a_variation(spec: JobSpec) -> None:
    first, second = arrays.children(spec)
    assert (first.job_id, first.seed, first.row_share, first.array) == ("retrain-train-1-0", 7, 1.0, ())
    assert (second.job_id, second.seed, second.row_share) == ("retrain-train-1-1", 8, 0.5)
    assert second.parameters == {"do": "succeed", "num_leaves": 7}


def test_a_process_runs_the_child_that_it_was_told_or_all_but_none_twice(
    spec: JobSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = arrays.children(spec)
    assert arrays.due(spec) == [first, second]
    finish(first, 0.7)
    assert arrays.due(spec) == [second]
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "1")
    assert arrays.due(spec) == [second]
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "0")
    assert arrays.due(spec) == []


def test_the_result_is_there_when_the_last_child_is_done_and_is_the_same_whoever_writes_it(spec: JobSpec) -> None:
    first, second = arrays.children(spec)
    finish(second, 0.8)
    assert arrays.gathered(spec) is None
    assert not lake().exists(result_path(spec.job_id))
    finish(first, 0.7)
    arrays.gathered(spec)
    written = lake().read(result_path(spec.job_id))
    arrays.gathered(spec)
    assert lake().read(result_path(spec.job_id)) == written
    result = read_result(spec.job_id)
    assert result.metrics == {"0.validation_auc": 0.7, "1.validation_auc": 0.8}
    assert (result.seconds, result.cpu_seconds, result.peak_memory_mib) == (3.0, 4.0, 80.0)
    assert read_spec(spec_uri(spec.job_id)) == spec
