"""The three places where a job can run, behind the one port, with what a test may do to them."""

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from local_aws.client import LocalAws

from driftgate.compute import JobHandle, JobSpec, job_records, local, status, sweep, tend
from driftgate.compute import aws as aws_clients
from driftgate.compute.services import backend_of
from driftgate.lake import store
from driftgate.metadata import records
from driftgate.settings import settings

PROGRAM = Path(__file__).parent / "stub.py"
SIZE = {"vcpu": 1, "memory_mib": 2048, "timeout_minutes": 5}
FAST = 0.05  # seconds between two questions of these tests


@dataclass(frozen=True)
class Local:
    """Processes of this machine."""

    name = "local"
    queues = False
    aws = None

    def target(self, **changes: Any) -> dict[str, Any]:
        return {"backend": "local", **SIZE, **changes}

    def fallback(self) -> dict[str, Any]:
        return self.target(vcpu=2)

    def cheap(self) -> dict[str, Any]:
        """A target whose host may be taken away."""
        return self.target()

    def reclaim(self, handle: JobHandle) -> None:
        """The machine goes down: everybody gets SIGTERM."""
        _supervisor(handle).send_signal(signal.SIGTERM)

    def lose(self, handle: JobHandle) -> None:
        """The machine is gone."""
        supervisor = _supervisor(handle)
        children = supervisor.children(recursive=True)
        for process in (supervisor, *children):
            process.kill()
        psutil.wait_procs([supervisor, *children], 10)

    def short(self) -> dict[str, Any]:
        return self.target(timeout_minutes=0.05)

    def pass_time(self) -> None:
        """The limit is near enough."""

    def alive(self) -> list[str]:
        """Return what runs, by the folders that are locked."""
        from driftgate.compute.supervised import is_running

        folders = Path(settings().jobs).glob("*")
        return [folder.name for folder in folders if is_running(folder)]

    def ran(self, _: str) -> None:
        """Nobody counts submits here."""


@dataclass(frozen=True)
class OnAws:
    """Jobs of Batch or tasks of ECS."""

    aws: LocalAws
    queues = True

    def reclaim(self, handle: JobHandle) -> None:
        self.aws.interrupt(str(handle.remote_id))

    def lose(self, handle: JobHandle) -> None:
        self.aws.lose(str(handle.remote_id))

    def fallback(self) -> dict[str, Any]:
        return OnBatch(self.aws).target()

    def _image(self) -> dict[str, Any]:
        roles = {"job_role": self.aws.job_role, "execution_role": self.aws.execution_role}
        return {**SIZE, "region": self.aws.region, "image": self.aws.image, **roles}

    def alive(self) -> list[str]:
        return [*_batch_alive(self.aws), *_ecs_alive(self.aws)]


@dataclass(frozen=True)
class OnBatch(OnAws):
    name = "batch"
    submit_action = "batch:SubmitJob"

    def target(self, **changes: Any) -> dict[str, Any]:
        return {"backend": "batch", "queue": self.aws.queue, **self._image(), **changes}

    def held(self) -> dict[str, Any]:
        """A target that has no machine free, for as long as nobody releases it."""
        self.aws.hold(self.aws.spot_queue)
        return self.cheap()

    def cheap(self) -> dict[str, Any]:
        spot = {"queue": self.aws.spot_queue, "spot": True, "max_wait_minutes": 60}
        return self.target(**spot, instance_type="c7i.large")

    def short(self) -> dict[str, Any]:
        return self.target(timeout_minutes=1)

    def pass_time(self) -> None:
        self.aws.hurry(100)


@dataclass(frozen=True)
class OnEcs(OnAws):
    name = "ecs"
    submit_action = "ecs:RunTask"

    def target(self, **changes: Any) -> dict[str, Any]:
        places = {"cluster": self.aws.cluster, "subnets": [self.aws.subnet]}
        return {"backend": "ecs", **places, "security_groups": [self.aws.security_group], **self._image(), **changes}

    def held(self) -> dict[str, Any]:
        self.aws.hold(self.aws.cluster)
        return self.target()

    def fallback(self) -> dict[str, Any]:  # not the queue that has the cluster's name, which is held too
        return OnBatch(self.aws).cheap()

    def cheap(self) -> dict[str, Any]:
        return self.target(spot=True, max_wait_minutes=60)

    def short(self) -> dict[str, Any]:
        return self.target(timeout_minutes=0.01)

    def pass_time(self) -> None:
        """Whoever tends the task keeps its limit."""


def _supervisor(handle: JobHandle) -> psutil.Process:
    folder = str(Path(settings().jobs) / handle.job_id)
    found = (one for one in psutil.process_iter(["cmdline"]) if folder in (one.info["cmdline"] or ()))
    return next(found)


def _batch_alive(aws: LocalAws) -> list[str]:
    batch = aws.client("batch")
    states = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
    queues = (aws.queue, aws.spot_queue)
    listed = (batch.list_jobs(jobQueue=queue, jobStatus=state) for queue in queues for state in states)
    return [job["jobId"] for answer in listed for job in answer["jobSummaryList"]]


def _ecs_alive(aws: LocalAws) -> list[str]:
    ecs = aws.client("ecs")
    arns = ecs.list_tasks(cluster=aws.cluster)["taskArns"]
    stopping = ecs.list_tasks(cluster=aws.cluster, desiredStatus="STOPPED")["taskArns"]
    if not arns + stopping:
        return []
    tasks = ecs.describe_tasks(cluster=aws.cluster, tasks=arns + stopping)["tasks"]
    return [task["taskArn"] for task in tasks if task["lastStatus"] != "STOPPED"]


@pytest.fixture(params=["local", "batch", "ecs"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """One of the three places; its jobs run ``stub.py``."""
    shutil.copy(PROGRAM, tmp_path)
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "stub")
    monkeypatch.setattr(job_records, "LEASE_SECONDS", 5.0)
    if request.param == "local":
        monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
        found: Any = Local()
    else:
        aws = request.getfixturevalue("on_s3")
        aws.of_the_image(PYTHONPATH=str(tmp_path))
        found = (OnBatch if request.param == "batch" else OnEcs)(aws)
    yield found
    for noted in job_records.open_records():
        if noted.record.remote_id:
            backend_of(noted.record.target).stop(noted.record, "the test is over")


@pytest.fixture
def told(tmp_path: Path) -> Callable[[str], int]:
    """Return how often the job's program said that word: started, interrupted, done."""
    board = tmp_path / "board"

    def count(word: str) -> int:
        lines = (board / "told").read_text().splitlines() if (board / "told").exists() else []
        return sum(line.split()[1] == word for line in lines)

    return count


@pytest.fixture
def make(
    job_spec: Callable[..., JobSpec], compute_yaml: Callable[..., None], tagged: dict[str, str], tmp_path: Path
) -> Callable[..., JobSpec]:
    """Write the compute targets and return the spec of a job for the one called ``main``."""
    board = tmp_path / "board"
    board.mkdir()

    def spec(do: str, main: dict[str, Any], /, **others: dict[str, Any]) -> JobSpec:
        compute_yaml(main=main, **others)
        return job_spec(target="main", tags=tagged, parameters={"do": do, "board": str(board)})

    return spec


@pytest.fixture
def go(tmp_path: Path) -> Callable[[], None]:
    """Let waiting programs end."""
    return (tmp_path / "board" / "go").touch


@pytest.fixture
def wait() -> Callable[..., JobHandle]:
    """Tend a job until it is in one of these states, and return its handle."""

    def until(spec: JobSpec, *states: str) -> JobHandle:
        deadline = time.monotonic() + 60
        while True:
            handle = tend(spec.job_id, spec.target)
            if handle.state in states or (not states and handle.ended):
                return handle
            assert not handle.ended, f"{handle}, not {states}"
            assert time.monotonic() < deadline, f"still {status(spec.job_id, spec.target)}"
            time.sleep(FAST)

    return until


@pytest.fixture
def nothing_runs(place: Any) -> Callable[[], None]:
    """Sweep twice, wanting nothing, and see that nothing runs a moment later."""

    def check() -> None:
        for _ in range(2):
            sweep(lambda _: False)
        deadline = time.monotonic() + 15
        while alive := place.alive():
            assert time.monotonic() < deadline, f"still there after two sweeps: {alive}"
            time.sleep(FAST)

    return check


@pytest.fixture
def forked() -> Callable[..., Callable[[], int]]:
    """Do something in a process of its own; what is returned waits for it and gives its exit status."""

    def start(action: Callable[[], Any]) -> Callable[[], int]:
        process = multiprocessing.get_context("fork").Process(target=_in_a_child, args=[action])
        process.start()

        def ended() -> int:
            process.join(120)
            if process.exitcode is None:
                process.kill()
                pytest.fail("the process hangs")
            return process.exitcode

        return ended

    return start


def _in_a_child(action: Callable[[], Any]) -> None:
    """Do it with connections of its own, and leave those of the parent open."""
    kept = records._engine(settings().metadata)
    for cached in (records._engine, aws_clients._client, store._s3_client):
        cached.cache_clear()
    action()
    os._exit(0 if kept is not None else 1)
