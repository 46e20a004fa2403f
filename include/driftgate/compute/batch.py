"""The AWS Batch backend: a job is a Batch job of the same name, started again by Batch itself when its host is lost."""

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, ClassVar

from driftgate.compute import batch_states, containers
from driftgate.compute.attempts import attempts
from driftgate.compute.aws import client, is_throttled, region_of, sentences
from driftgate.compute.aws_logs import last_lines, link
from driftgate.compute.backend import Sighting
from driftgate.compute.batch_definition import SPEC, registered
from driftgate.compute.batch_queue import refuse_queue, why_waiting
from driftgate.compute.encryption import why_readable
from driftgate.compute.job_files import spec_uri
from driftgate.compute.job_records import JobRecord
from driftgate.compute.jobs import JobSpec
from driftgate.compute.targets import Target
from driftgate.errors import ConfigError, NotSupported

logger = logging.getLogger(__name__)

SUBMITS = 6  # calls of SubmitJob that are refused because there were too many
VISIBLE_SECONDS = 10.0  # after a submit DescribeJobs may not show the job yet
SHORTEST_MINUTES = 1.0  # that Batch takes for a time limit
FEWEST_CHILDREN, MOST_CHILDREN = 2, 10_000  # of an array
ACROSS_MACHINES: set[str] = set()  # trainers whose processes find each other on several machines; none does yet
NOT_FOR_BATCH = ("cluster", "subnets", "security_groups")

_streams: dict[str, str] = {}  # job id at Batch → the log of its last attempt that was seen


@dataclass(frozen=True)
class BatchBackend:
    """Runs jobs for one compute target.

    :raises ConfigError: the target lacks a queue, a role or an image by digest
    :raises NotSupported: the target asks for what Batch cannot give
    """

    poll_seconds: ClassVar[float] = 5.0
    starts_once: ClassVar[bool] = False  # SubmitJob has no token: the name and the port's lease keep it to one
    restarts: ClassVar[bool] = True
    keeps_time: ClassVar[bool] = True

    name: str
    target: Target

    def __post_init__(self) -> None:
        containers.refuse_target(self.name, self.target, needed=("queue", "job_role"), useless=NOT_FOR_BATCH)
        where = f"Compute target {self.name!r} in compute.yaml"
        if self.target.nodes > 1 and self.target.spot:
            raise NotSupported(f"{where} asks for {self.target.nodes} nodes on Spot, which AWS Batch does not have.")
        if problem := why_readable(self.target):
            raise ConfigError(f"{where} {problem}")
        if self.target.timeout_minutes < SHORTEST_MINUTES:
            raise NotSupported(
                f"{where} has a timeout_minutes below {SHORTEST_MINUTES:g}, which AWS Batch does not take."
            )

    def check(self, spec: JobSpec) -> None:
        """Refuse a job without tags or with a lake that its container cannot reach, and a queue that cannot run it."""
        containers.refuse_spec(self.name, self.target, spec)
        if problem := _misfit(spec, self.target):
            raise NotSupported(f"Job {spec.job_id} on the compute target {self.name!r} in compute.yaml: {problem}.")
        with sentences(self.name):
            refuse_queue(self._batch(), self.name, self.target)

    def found(self, record: JobRecord) -> Sequence[str]:
        """Return the ids of all jobs of this name in the queue, ended ones too, oldest first."""
        with sentences(self.name):
            pages = (
                self._batch()
                .get_paginator("list_jobs")
                .paginate(jobQueue=self.target.queue, filters=[{"name": "JOB_NAME", "values": [record.name]}])
            )
            jobs = [job for page in pages for job in page["jobSummaryList"] if job["jobName"] == record.name]
        return [str(job["jobId"]) for job in sorted(jobs, key=lambda job: job["createdAt"])]

    def start(self, record: JobRecord) -> str:
        """Submit the job. An answer that got lost is looked for under the job's name before anybody submits again."""
        with sentences(self.name):
            definition = registered(self._batch(), self.name, self.target, record.spec)
            return self._submitted(record, definition)

    def look(self, record: JobRecord) -> Sighting:
        """Return what Batch says about the job, with the end of its log when it ended badly."""
        batch = self._batch()
        with sentences(self.name):
            job = self._described(batch, record)
            if job is None:
                age = (datetime.now(UTC) - record.submitted_at).total_seconds()
                return batch_states.UNSEEN if age < VISIBLE_SECONDS else batch_states.UNKNOWN
            seen = batch_states.sighting(
                job, self.target, lambda: self._why_runnable(batch, job), lambda: _used_mib(record.job_id)
            )
            stream = job.get("container", {}).get("logStreamName")
            if stream:
                _streams[str(record.remote_id)] = stream
            if seen.state in ("failed", "lost"):
                return replace(seen, last_lines=last_lines(self.name, self.target, stream))
        return seen

    def stop(self, record: JobRecord, reason: str) -> None:
        """Have Batch end the job, whether it runs or waits."""
        with sentences(self.name):
            self._batch().terminate_job(jobId=record.remote_id, reason=f"{batch_states.BY_US}{reason}"[:1000])

    def log(self, record: JobRecord) -> str:
        """Return the address of the log in CloudWatch, or of the job in Batch while it has none."""
        if record.remote_id is None:
            return ""
        if stream := _streams.get(record.remote_id):
            return link(self.target, stream)
        region = region_of(self.target)
        return f"https://{region}.console.aws.amazon.com/batch/home?region={region}#jobs/detail/{record.remote_id}"

    def _submitted(self, record: JobRecord, definition: str) -> str:
        from botocore.exceptions import ClientError

        request: dict[str, Any] = {
            "jobName": record.name,
            "jobQueue": self.target.queue,
            "jobDefinition": definition,
            "parameters": {SPEC: spec_uri(record.job_id)},
            "tags": containers.tags(record.tags),
            "propagateTags": True,
        }
        if len(record.spec.array) >= FEWEST_CHILDREN:
            request["arrayProperties"] = {"size": len(record.spec.array)}
        batch = client("batch", self.target, once=True)
        for attempt in range(SUBMITS):
            try:
                return str(batch.submit_job(**request)["jobId"])
            except ClientError as error:
                if not is_throttled(error) or attempt == SUBMITS - 1:
                    return self._found_after(error, record)
                time.sleep(random.uniform(0, 2**attempt / 2))  # noqa: S311  jitter
            except Exception as error:  # no answer: the job may be there
                return self._found_after(error, record)
        raise AssertionError("the last attempt returns or raises")

    def _found_after(self, error: Exception, record: JobRecord) -> str:
        found = self.found(record)
        if not found:
            raise error
        logger.warning("job %s: the answer to its submit got lost, and it is there: %s", record.job_id, error)
        return found[0]

    def _described(self, batch: Any, record: JobRecord) -> dict[str, Any] | None:
        found: list[dict[str, Any]] = batch.describe_jobs(jobs=[record.remote_id])["jobs"]
        if not found:
            return None
        job = found[0]
        if job["status"] == "FAILED" and job.get("arrayProperties", {}).get("size"):
            return self._failed_child(batch, job)
        if "nodeProperties" in job:  # what its container did is known of the main node
            main = batch.describe_jobs(jobs=[f"{record.remote_id}#{job['nodeProperties'].get('mainNode', 0)}"])["jobs"]
            job = {**job, "container": main[0].get("container", {}) if main else {}}
        return job

    def _failed_child(self, batch: Any, job: dict[str, Any]) -> dict[str, Any]:
        """Return the description of the first child that failed, which says why its array has."""
        listed = batch.list_jobs(arrayJobId=job["jobId"], jobStatus="FAILED")["jobSummaryList"]
        if not listed:
            return job
        first = min(listed, key=lambda one: int(one["jobId"].rpartition(":")[2]))["jobId"]
        described: list[dict[str, Any]] = batch.describe_jobs(jobs=[first])["jobs"]
        return described[0] if described else job

    def _why_runnable(self, batch: Any, job: dict[str, Any]) -> str:
        said = job.get("statusReason")
        return batch_states.waiting(said, self.target) if said else why_waiting(batch, self.target)

    def _batch(self) -> Any:
        return client("batch", self.target)


def _misfit(spec: JobSpec, target: Target) -> str:
    """Return what Batch or the trainer cannot do that target and spec ask for together, or nothing."""
    if target.nodes > 1 and spec.trainer not in ACROSS_MACHINES:
        return (
            f"it has nodes: {target.nodes}, and the trainer {spec.trainer!r} works on one machine; use a target with "
            f"one node and more vCPU or GPUs"
        )
    if target.nodes > 1 and spec.array:
        return f"AWS Batch has no array of jobs with {target.nodes} nodes; use a target with one node"
    if len(spec.array) > MOST_CHILDREN:
        return f"its array has {len(spec.array)} children, and AWS Batch takes {MOST_CHILDREN}"
    return ""


def _used_mib(job_id: str) -> float | None:
    seen = attempts(job_id)
    return seen[-1].peak_memory_mib if seen else None
