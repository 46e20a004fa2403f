"""What Batch's API says about jobs, where moto says less or something else."""

import json
from collections import Counter
from typing import Any

from moto.batch.exceptions import ClientException
from moto.batch.responses import BatchResponse

from local_aws.batch_jobs import LocalJob, submitted
from local_aws.control import control

STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
PAGE = 100

_submit = BatchResponse.submitjob


def install() -> None:
    """Replace what differs from AWS."""
    BatchResponse.submitjob = _submit_job
    BatchResponse.describejobs = _describe_jobs
    BatchResponse.listjobs = _list_jobs
    BatchResponse.describecomputeenvironments = _describe_environments
    LocalJob.describe = describe
    LocalJob.describe_short = describe_short


def _submit_job(self: Any) -> str:
    queue = self.batch_backend.get_job_queue(self._get_param("jobQueue"))
    if queue and queue.state == "DISABLED":
        raise ClientException(f"Job Queue {queue.arn} is in DISABLED state. A job can't be submitted to it.")
    submitted.retry = self._get_param("retryStrategy")
    submitted.nodes = self._get_param("nodeOverrides")
    try:
        answer: str = _submit(self)
    finally:
        submitted.retry = submitted.nodes = None
    control.submits[self._get_param("jobName")] += 1
    return answer


def _describe_jobs(self: Any) -> str:
    return json.dumps({"jobs": [found for one in self._get_param("jobs") for found in _described(self, one)]})


def _described(self: Any, name: str) -> list[dict[str, Any]]:
    job_id, _, node = name.rpartition("/")[2].partition("#")
    job = self.batch_backend._jobs.get(job_id)
    if job is None or job_id in control.lost:
        return []
    return [_of_node(job, int(node)) if node else job.describe()]


def _of_node(job: LocalJob, index: int) -> dict[str, Any]:
    is_main = index == job.main_node
    about = {"nodeIndex": index, "isMainNode": is_main}
    said = {**job.describe(), "jobId": f"{job.job_id}#{index}", "nodeProperties": about}
    return {**said, "container": _container(job)} if is_main else said


def _list_jobs(self: Any) -> str:
    """List by queue or array, by name or status; without either AWS lists what runs."""
    filters, status = self._get_param("filters"), self._get_param("jobStatus")
    array = self._get_param("arrayJobId")
    found = self.batch_backend.list_jobs(self._get_param("jobQueue"), array, None, filters)
    if not filters:
        found = [job for job in found if state(job) == (status or "RUNNING")]
    if not array:
        found = [job for job in found if ":" not in job.job_id]
    listed = [describe_short(job) for job in found if job.job_id not in control.lost]
    first = int(self._get_param("nextToken") or 0)
    more = {"nextToken": str(first + PAGE)} if len(listed) > first + PAGE else {}
    return json.dumps({"jobSummaryList": listed[first : first + PAGE], **more})


def _describe_environments(self: Any) -> str:
    names = self._get_param("computeEnvironments")
    found = self.batch_backend.describe_compute_environments(names)
    backend = self.batch_backend
    for one in found:
        environment = backend.get_compute_environment(one["computeEnvironmentArn"])
        one |= {"status": getattr(environment, "status", "VALID"), "state": environment.state}
    return json.dumps({"computeEnvironments": found})


def state(job: LocalJob) -> str:
    """Return a job's status; that of an array comes from its children."""
    children = [_text(child.status) for child in job._child_jobs or []]
    if not children:
        return _text(job.status)
    if all(one in ("SUCCEEDED", "FAILED") for one in children):
        return "FAILED" if "FAILED" in children else "SUCCEEDED"
    return "PENDING" if set(children) - {"SUBMITTED", "PENDING"} else "SUBMITTED"


def _text(status: Any) -> str:
    return str(getattr(status, "value", status))


def describe_short(job: LocalJob) -> dict[str, Any]:
    """Return what a list says about a job."""
    said: dict[str, Any] = {"jobId": job.job_id, "jobArn": job.arn, "jobName": job.job_name, "status": state(job)}
    said |= {"createdAt": _milliseconds(job.job_created_at), "jobDefinition": job.job_definition.arn}
    reason = _status_reason(job, said["status"])
    if reason:
        said["statusReason"] = reason
    if job.attempts:
        said["startedAt"] = _milliseconds(job.job_started_at)
    if said["status"] in ("SUCCEEDED", "FAILED"):
        said["stoppedAt"] = _milliseconds(job.job_stopped_at)
    if job.exit_code is not None:
        said["container"] = {"exitCode": job.exit_code}
    return said


def describe(job: LocalJob) -> dict[str, Any]:
    """Return all that DescribeJobs says."""
    said = describe_short(job) | {
        "jobQueue": job.job_queue.arn,
        "dependsOn": job.depends_on or [],
        "parameters": job.parameters,
        "tags": job.backend.list_tags_for_resource(job.arn),
        "retryStrategy": job.retry,
        "attempts": job.attempts,
        "isTerminated": job.stop,
        "isCancelled": job.stop and not job.attempts,
    }
    if job.timeout or job.job_definition.timeout:
        said["timeout"] = job.timeout or job.job_definition.timeout
    if job._child_jobs:
        summary = dict.fromkeys(STATES, 0) | Counter(_text(child.status) for child in job._child_jobs)
        said["arrayProperties"] = {"size": len(job._child_jobs), "statusSummary": summary}
    elif "index" in job.array_properties:
        said["arrayProperties"] = {"index": job.array_properties["index"]}
    if job.job_definition.type == "multinode":
        said["nodeProperties"] = {"numNodes": len(job.containers()), "mainNode": job.main_node}
        return said
    return said | {"container": _container(job)}


def _container(job: LocalJob) -> dict[str, Any]:
    container = job.containers()[0]
    said = {
        key: container[key]
        for key in ("image", "command", "environment", "resourceRequirements", "jobRoleArn")
        if key in container
    }
    said["logConfiguration"] = container.get("logConfiguration", {})
    for key, value in (("logStreamName", job.log_stream_name), ("exitCode", job.exit_code), ("reason", job.reason)):
        if value is not None:
            said[key] = value
    return said


def _status_reason(job: LocalJob, status: str) -> str | None:
    if status == "RUNNABLE":
        return job.waiting or None
    if job._child_jobs and status == "FAILED":
        return "Array Child Job failed"
    return job.job_stopped_reason if job.job_stopped else None


def _milliseconds(moment: Any) -> int:
    return int(moment.timestamp() * 1000)
