"""The program of a training job: ``python -m driftgate.training.entrypoint --job <uri of its spec>``.

It knows nothing but the spec, the dataset version that the spec names, and the lake. Artefacts are written first, the
result last; run again, it writes the same artefacts again.
"""

import argparse
import logging
import os
import resource
import sys
import threading
import time
from collections.abc import Callable
from functools import partial

from driftgate import uris
from driftgate.compute import arrays
from driftgate.compute.attempts import attempts
from driftgate.compute.job_files import read_spec, result_path
from driftgate.compute.jobs import EXIT_BAD_INPUT, EXIT_INTERRUPTED, Interrupted, JobResult, JobSpec
from driftgate.compute.measuring import Measuring, measured
from driftgate.compute.place import place
from driftgate.datasets import DatasetVersion, version_files
from driftgate.errors import DriftgateError
from driftgate.fingerprint import fingerprint
from driftgate.lake import lake
from driftgate.records import canonical_json, sha256
from driftgate.training import checkpoints
from driftgate.training.allowance import Allowance
from driftgate.training.interruption import Interruption
from driftgate.training.pace import Pace
from driftgate.training.run import Attended
from driftgate.training.stopping import history
from driftgate.training.train import Trained, train

logger = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run one job and return the exit status; a sentence for a person is the last line on standard error."""
    parser = argparse.ArgumentParser(prog="driftgate.training.entrypoint")
    parser.add_argument("--job", required=True, help="address of the job's spec, file:// or s3://")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when standard input closes")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if options.end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    interruption = Interruption()
    try:
        with interruption.listening():
            run(options.job, interruption)
    except DriftgateError as error:
        return _refused(str(error))
    except MemoryError:
        return _refused(_out_of_memory(options.job))
    except Interrupted as interrupted:
        logger.info("%s", interrupted)
        return EXIT_INTERRUPTED
    return 0


def _refused(sentence: str) -> int:
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    return EXIT_BAD_INPUT


def _out_of_memory(uri: str) -> str:
    spec = read_spec(uri)
    name, target = place(spec)
    asked = f"asks for {target.memory_mib} MiB" if target else "is not in this project's compute.yaml"
    return (
        f"Job {spec.job_id} ran out of memory: it used {_peak_memory_mib():.0f} MiB and needed more, and its compute "
        f"target {name!r} {asked}; name a larger one in 'train.target' of {spec.use_case}, or lower 'train.row_share'."
    )


def run(uri: str, interruption: Interruption | None = None) -> JobResult | None:
    """Train what the spec at ``uri`` asks for, publish it and return the result; None while an array is not done.

    :raises Interrupted: the notice came that the machine is about to go; a checkpoint is saved
    """
    spec = read_spec(uri)
    if not spec.array:
        return _run(spec, interruption)
    for child in arrays.due(spec):
        _run(child, interruption)
    return arrays.gathered(spec)


def _run(spec: JobSpec, interruption: Interruption | None) -> JobResult:
    earlier = attempts(spec.job_id)
    with measured(spec) as measuring:  # closed before the result is there: whoever sees a job done sees what it used
        attend = partial(
            Attended,
            pace=Pace(spec.checkpoints, earlier),
            allowance=Allowance(spec, earlier),
            interruption=interruption,
            on_resume=lambda iteration: measuring.note(resumed_from=iteration),
        )
        result = _trained(spec, measuring, attend)
    lake().write(result_path(spec.job_id), result.canonical())
    checkpoints.clear(spec.job_id)
    logger.info("done: %s", result.metrics)
    return result


def _trained(spec: JobSpec, measuring: Measuring, attend: Callable[[JobSpec, int], Attended]) -> JobResult:
    import pyarrow.parquet as pq

    started = time.monotonic()
    logger.info("job %s: reading dataset version %s", spec.job_id, spec.dataset_version)
    folder = version_files(spec.dataset_version)
    version = DatasetVersion.model_validate_json((folder / "version.json").read_bytes())
    rows = pq.read_table(folder / "rows.parquet")
    measuring.note(rows=rows.num_rows)
    trained = train(spec, rows, version.views, feature_set_sha256=version.feature_set_sha256, attend=attend)
    about = {"spec.json": spec.canonical(), "history.json": canonical_json(history(spec, trained.learnt))}
    for name, data in {**trained.artefacts, **about}.items():
        lake().write(f"{uris.job(spec.job_id)}/{name}", data)
    return _result(spec, trained, time.monotonic() - started)


def _result(spec: JobSpec, trained: Trained, seconds: float) -> JobResult:
    return JobResult(
        job_id=spec.job_id,
        spec_sha256=spec.hash,
        artefacts={name: sha256(data) for name, data in trained.artefacts.items()},
        model_file=trained.model_file,
        metrics=trained.metrics,
        stop_reason=trained.stop_reason,
        seconds=round(seconds, 3),
        cpu_seconds=round(time.process_time(), 3),
        peak_memory_mib=round(_peak_memory_mib(), 1),
        environment=fingerprint(),
    )


def _peak_memory_mib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes on macOS, KiB on Linux


def _end_with_stdin() -> None:
    """End at once when the supervisor dies, however it dies: nobody would keep the job's limits any more."""
    os.read(0, 1)  # nothing is ever written to it
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
