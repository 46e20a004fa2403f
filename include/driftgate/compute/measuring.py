"""Measuring an attempt while it runs.

A process that is killed has no last word, so the record is refreshed every few seconds: a kill loses that much.
"""

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from driftgate import uris
from driftgate.compute import allotment
from driftgate.compute.attempts import Attempt, Outcome, attempts_folder
from driftgate.compute.jobs import Interrupted, JobSpec
from driftgate.compute.place import place
from driftgate.compute.sampler import Sampler, Usage
from driftgate.compute.targets import Target
from driftgate.errors import Conflict
from driftgate.lake import lake
from driftgate.records import canonical_json

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
LOOKS_PER_REFRESH = 8


class Measuring:
    """An attempt under way."""

    def __init__(self, first_word: Attempt, sampler: Sampler) -> None:
        self._attempt, self._sampler = first_word, sampler
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="attempt", daemon=True)

    def note(self, *, rows: int | None = None, resumed_from: int | None = None) -> None:
        """Add what only the job's own code knows."""
        told = {"rows": rows, "resumed_from": resumed_from}
        self._attempt = self._attempt.model_copy(
            update={name: value for name, value in told.items() if value is not None}
        )

    def start(self) -> None:
        """Write the first word and begin to look."""
        self._attempt = _opened(self._attempt)
        self._thread.start()

    def end(self, outcome: Outcome) -> None:
        """Take a last look and write the last word."""
        self._ended.set()
        self._thread.join()
        self._look()
        self._write(outcome)

    def _watch(self) -> None:
        looks = 0
        while not self._ended.wait(LOOK_SECONDS):
            self._look()
            looks += 1
            if looks % LOOKS_PER_REFRESH == 0:
                self._write("running")

    def _look(self) -> None:
        try:
            self._sampler.look()
        except Exception:  # whatever this machine does not tell, the job goes on
            logger.warning("the use of this machine could not be measured", exc_info=True)

    def _write(self, outcome: Outcome) -> None:
        about = {**self._attempt.model_dump(), **self._sampler.usage().model_dump(), "outcome": outcome}
        now = Attempt.model_validate(about)
        try:
            lake().write(f"{attempts_folder(now.job_id)}/{now.number}.json", now.canonical())
            if outcome != "running":
                lake().write(f"{uris.job(now.job_id)}/resource_usage.json", canonical_json(now.resource_usage()))
        except Exception:  # a lake that is away for a moment must not cost the training
            logger.warning("what attempt %d used could not be written down", now.number, exc_info=True)


@contextmanager
def measured(spec: JobSpec) -> Iterator[Measuring]:
    """Measure what the job uses inside the ``with`` block, and write down how it ended.

    One process of a job does it: its children are measured with it. The other machines of a job on several are taken to
    use as much as its first.
    """
    measuring = _measuring(spec)
    if not _leads():
        yield measuring  # it was not started, so it writes nothing
        return
    measuring.start()
    try:
        yield measuring
    except BaseException as error:
        # What is no Exception asks the process to end (a signal, sys.exit); the job's code is not at fault.
        outside = isinstance(error, Interrupted) or not isinstance(error, Exception)
        measuring.end("interrupted" if outside else "failed")
        raise
    measuring.end("succeeded")


def _leads() -> bool:
    """Return whether this is the first machine of its job; AWS Batch numbers them."""
    return os.environ.get("AWS_BATCH_JOB_NODE_INDEX") == os.environ.get("AWS_BATCH_JOB_MAIN_NODE_INDEX")


def _measuring(spec: JobSpec) -> Measuring:
    started_at = datetime.now(UTC)  # before the sampler's clock begins: no attempt ends after its end
    name, target = place(spec)
    asked = (target.vcpu, target.memory_mib) if target else (None, None)
    given = allotment.cores(asked[0]), allotment.memory_mib(asked[1])
    sampler = Sampler(*given, own_network=target is not None and target.backend != "local")
    return Measuring(_first_word(spec, started_at, name, target, given, sampler.usage()), sampler)


def _first_word(
    spec: JobSpec, started_at: datetime, name: str, target: Target | None, given: tuple[float, float], usage: Usage
) -> Attempt:
    return Attempt(
        **usage.model_dump(),
        job_id=spec.job_id,
        number=1,
        use_case=spec.use_case,
        dataset_version=spec.dataset_version,
        trainer=spec.trainer,
        started_at=started_at,
        row_share=spec.row_share,
        target=name,
        backend=target.backend if target else None,
        instance_type=target.instance_type if target else None,
        instance_count=target.nodes if target else 1,
        spot=target.spot if target else False,
        region=(target.region if target else None)
        or os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION"),
        cores=given[0],
        memory_mib=round(given[1], 1),
        tags=spec.tags,
    )


def _opened(attempt: Attempt) -> Attempt:
    """Write the first word under the next free number: of two that start at once, each gets its own."""
    number = len(lake().list(attempts_folder(attempt.job_id)))
    while True:
        number += 1
        numbered = attempt.model_copy(update={"number": number})
        try:
            if lake().create(f"{attempts_folder(attempt.job_id)}/{number}.json", numbered.canonical()):
                return numbered
        except Conflict:  # another process writes this one at this moment, and will have it or not
            number -= 1
