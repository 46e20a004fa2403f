"""One port for every backend: submit a job to its compute target, ask how it is, take its result."""

from driftgate.compute.jobs import JobHandle, JobResult, JobSpec
from driftgate.compute.local import LocalBackend
from driftgate.compute.targets import find_target
from driftgate.errors import NotSupported, nearest

BACKENDS = {"local": LocalBackend}


def submit(spec: JobSpec) -> JobHandle:
    """Start the job unless it runs or is done; of two submits at once, one starts it.

    A job that failed, was cancelled or lost is started anew: whoever submits it again has a reason.

    :raises ConfigError: the target is unknown, or the job runs or is done with another spec
    :raises NotSupported: the target has a setting that its backend cannot honour
    """
    return _backend(spec.target).submit(spec)


def status(job_id: str, target: str) -> JobHandle:
    """Return what is known about the job; cheap enough to ask twice a second."""
    return _backend(target).status(job_id)


def result(job_id: str, target: str) -> JobResult:
    """Return the result of a job that succeeded.

    :raises JobFailed: the job's code failed, it crossed a limit of its target, or it was cancelled
    :raises JobLost: its process was ended from outside; not a ``DriftgateError``, because submitting again heals it
    :raises JobRunning: it has not ended yet
    """
    return _backend(target).result(job_id)


def cancel(job_id: str, target: str) -> JobHandle:
    """Have the job killed; it has ended a moment later. A job that does not run is left as it is."""
    return _backend(target).cancel(job_id)


def _backend(name: str) -> LocalBackend:
    target = find_target(name)
    if target.backend not in BACKENDS:
        raise NotSupported(
            f"Compute target {name!r} in compute.yaml names the backend {target.backend!r}, which is not there"
            f"{nearest(target.backend, BACKENDS)}"
        )
    return BACKENDS[target.backend](name, target)
