"""What a test holds in its hands: the address of this AWS, what is set up in it, and how to make it misbehave."""

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCOUNT = "123456789012"
REGION = "eu-west-1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/driftgate@sha256:{'5' * 64}"


@dataclass(frozen=True)
class LocalAws:
    """One AWS account with a queue, a cluster, roles, subnets and a bucket."""

    url: str
    region: str = REGION
    queue: str = "driftgate"
    spot_queue: str = "driftgate-spot"
    gpu_queue: str = "driftgate-gpu"
    environment: str = "driftgate-ondemand"
    cluster: str = "driftgate"
    bucket: str = "driftgate-lake"
    log_group: str = "/driftgate/jobs"
    image: str = IMAGE
    job_role: str = f"arn:aws:iam::{ACCOUNT}:role/driftgate-job"
    execution_role: str = f"arn:aws:iam::{ACCOUNT}:role/driftgate-execution"
    subnet: str = ""
    security_group: str = ""

    def client(self, service: str) -> Any:
        """Return a plain client of this AWS."""
        import boto3  # a third of a second for tests that need no AWS

        return boto3.client(service, endpoint_url=self.url, region_name=self.region)

    def interrupt(self, job: str, grace_seconds: float = 120) -> None:
        """Take away the host of a running job or task; without a grace period it vanishes with no signal."""
        self._control("interrupt", id=_short(job), grace_seconds=grace_seconds)

    def hold(self, place: str, reason: str = "") -> None:
        """Leave jobs of a queue RUNNABLE, or tasks of a cluster PROVISIONING, for this reason."""
        self._control("hold", place=place, reason=reason)

    def release(self, place: str) -> None:
        """Have capacity again."""
        self._control("release", place=place)

    def throttle(self, action: str, calls: int) -> None:
        """Refuse the next calls of an action such as ``batch:SubmitJob``: there were too many."""
        self._control("throttle", action=action, calls=calls)

    def unanswer(self, action: str, calls: int = 1) -> None:
        """Carry out the next calls of an action and answer them with a server error."""
        self._control("unanswer", action=action, calls=calls)

    def deny(self, action: str, resource: str = "*") -> None:
        """Take the permission for an action away."""
        self._control("deny", action=action, resource=resource)

    def allow(self, action: str) -> None:
        """Give it back."""
        self._control("allow", action=action)

    def lose(self, job: str) -> None:
        """Have the service know nothing of a job or task any more; its process is gone too."""
        self._control("lose", id=_short(job))

    def refuse(self, reason: str) -> None:
        """Have the next RunTask answer with a failure, such as ``RESOURCE:GPU``."""
        self._control("refuse", cluster=self.cluster, reason=reason)

    def fail_start(self, reason: str) -> None:
        """Have the next task stop before it starts."""
        self._control("fail_start", reason=reason)

    def hurry(self, factor: float) -> None:
        """Let time limits of Batch, which are minutes at least, pass faster."""
        self._control("hurry", factor=factor)

    def of_the_image(self, **variables: str) -> None:
        """Have every container find these, as if its image had set them."""
        self._control("image", variables=variables)

    def submits(self, name: str) -> int:
        """Return how many jobs of this name, or tasks started by it, the service has accepted."""
        return int(self._control("counts")["submits"].get(name, 0))

    def calls(self, action: str) -> int:
        """Return how often an action was called, refused calls too."""
        return int(self._control("counts")["calls"].get(action, 0))

    def s3_calls(self, who: str) -> set[tuple[str, str]]:
        """Return action and ``bucket/path`` of every call of S3 that was made with this access key."""
        seen = (call.split(" ", 2) for call in self._control("counts")["s3"])
        return {(action, path) for caller, action, path in seen if caller == who}

    def upload(self, folder: Path, bucket: str) -> None:
        """Put the files of a folder into a bucket, under their names in it."""
        s3 = self.client("s3")
        for path in folder.rglob("*"):
            if path.is_file():
                s3.put_object(Bucket=bucket, Key=path.relative_to(folder).as_posix(), Body=path.read_bytes())

    def reset(self) -> int:
        """End everything that runs, forget everything but network and roles, and return how often those were too."""
        return int(self._control("reset")["emptied"])

    def _control(self, verb: str, **body: object) -> Any:
        return json.loads(self._post(f"/_control/{verb}", body))

    def _post(self, path: str, body: object = None) -> bytes:
        request = urllib.request.Request(self.url + path, json.dumps(body or {}).encode(), method="POST")
        with urllib.request.urlopen(request) as answer:
            data: bytes = answer.read()
            return data


def _short(job: str) -> str:
    return job.rpartition("/")[2]  # of an ARN
