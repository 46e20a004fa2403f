"""Submitting small shell and Python programs to the AWS of the tests."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from local_aws.client import LocalAws


@pytest.fixture
def python_job(aws: LocalAws) -> Callable[..., str]:
    """Submit a Batch job that runs these lines of Python, and return its id."""

    def submit(program: str, name: str = "job", memory: int = 512, **changes: Any) -> str:
        batch = aws.client("batch")
        properties = {
            "image": aws.image,
            "command": [sys.executable, "-u", "-c", program],
            "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": str(memory)}],
            "environment": [{"name": "GIVEN", "value": "by the definition"}],
        }
        batch.register_job_definition(jobDefinitionName=name, type="container", containerProperties=properties)
        submitted = batch.submit_job(**{"jobName": name, "jobQueue": aws.queue, "jobDefinition": name, **changes})
        return str(submitted["jobId"])

    return submit


@pytest.fixture
def described(aws: LocalAws) -> Callable[[str], dict[str, Any]]:
    """Return what DescribeJobs says about one job; nothing when the service does not know it."""
    batch = aws.client("batch")

    def of(job: str) -> dict[str, Any]:
        found = batch.describe_jobs(jobs=[job])["jobs"]
        return found[0] if found else {}

    return of


@pytest.fixture
def ended(described: Callable[[str], dict[str, Any]], until: Callable[..., Any]) -> Callable[[str], dict[str, Any]]:
    """Wait until a Batch job has ended and return what is said about it."""

    def wait(job: str) -> dict[str, Any]:
        until(lambda: described(job)["status"] in ("SUCCEEDED", "FAILED"))
        return described(job)

    return wait
