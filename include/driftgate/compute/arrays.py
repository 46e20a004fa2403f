"""Arrays: one job that stands for several trainings, each a child with a name, a spec and a result of its own.

The child with index 2 of ``job`` is ``job-2``. A service with array jobs runs the children beside each other and tells
each its index; elsewhere one process runs them one after the other. The array is done when all its children are.
"""

import os
from collections.abc import Sequence

from driftgate.compute.job_files import read_result, result_path, write_spec
from driftgate.compute.jobs import JobResult, JobSpec
from driftgate.lake import lake

INDEX = "AWS_BATCH_JOB_ARRAY_INDEX"


def children(spec: JobSpec) -> list[JobSpec]:
    """Return the spec of each child of an array."""
    return [_child(spec, index) for index in range(len(spec.array))]


def due(spec: JobSpec) -> Sequence[JobSpec]:
    """Return the children that this process is to run: the one that it was told, or all, but none that is done."""
    index = os.environ.get(INDEX)
    mine = children(spec) if index is None else [_child(spec, int(index))]
    return [child for child in mine if not _is_done(child)]


def gathered(spec: JobSpec) -> JobResult | None:
    """Write and return the result of an array whose children are all done; None while one is not.

    Of children that end at the same moment each writes it, with the same bytes.
    """
    if not all(_is_done(child) for child in children(spec)):
        return None
    write_spec(spec)
    results = [read_result(child.job_id) for child in children(spec)]
    result = JobResult(
        job_id=spec.job_id,
        spec_sha256=spec.hash,
        artefacts={},  # the models are its children's
        metrics={f"{index}.{name}": value for index, one in enumerate(results) for name, value in one.metrics.items()},
        stop_reason="all_iterations",
        seconds=round(sum(one.seconds for one in results), 3),
        cpu_seconds=round(sum(one.cpu_seconds for one in results), 3),
        peak_memory_mib=max(one.peak_memory_mib for one in results),
    )
    lake().write(result_path(spec.job_id), result.canonical())
    return result


def _child(spec: JobSpec, index: int) -> JobSpec:
    one = spec.array[index]
    return spec.model_copy(
        update={
            "job_id": f"{spec.job_id}-{index}",
            "seed": spec.seed if one.seed is None else one.seed,
            "row_share": spec.row_share if one.row_share is None else one.row_share,
            "parameters": {**spec.parameters, **one.parameters},
            "array": (),
        }
    )


def _is_done(child: JobSpec) -> bool:
    return lake().exists(result_path(child.job_id))
