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

from driftgate import uris
from driftgate.compute.job_files import read_spec, result_path
from driftgate.compute.jobs import EXIT_BAD_INPUT, EXIT_INTERRUPTED, Interrupted, JobResult, JobSpec
from driftgate.compute.measuring import Measuring, measured
from driftgate.datasets import DatasetVersion, version_files
from driftgate.errors import DriftgateError
from driftgate.lake import lake
from driftgate.records import sha256
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
    try:
        run(options.job)
    except DriftgateError as error:
        sys.stderr.write(" ".join(str(error).split()) + "\n")
        return EXIT_BAD_INPUT
    except Interrupted as interrupted:
        logger.info("%s", interrupted)
        return EXIT_INTERRUPTED
    return 0


def run(uri: str) -> JobResult:
    """Train what the spec at ``uri`` asks for, publish it and return the result."""
    spec = read_spec(uri)
    with measured(spec) as measuring:  # closed before the result is there: whoever sees a job done sees what it used
        result = _trained(spec, measuring)
    lake().write(result_path(spec.job_id), result.canonical())
    logger.info("done: %s", result.metrics)
    return result


def _trained(spec: JobSpec, measuring: Measuring) -> JobResult:
    import pyarrow.parquet as pq

    started = time.monotonic()
    logger.info("job %s: reading dataset version %s", spec.job_id, spec.dataset_version)
    folder = version_files(spec.dataset_version)
    version = DatasetVersion.model_validate_json((folder / "version.json").read_bytes())
    rows = pq.read_table(folder / "rows.parquet")
    measuring.note(rows=rows.num_rows)
    trained = train(spec, rows, version.views, feature_set_sha256=version.feature_set_sha256)
    for name, data in {**trained.artefacts, "spec.json": spec.canonical()}.items():
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
