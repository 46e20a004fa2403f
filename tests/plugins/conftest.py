"""Runs an operator as Airflow's task runner does, in a context made by hand, without a metadata database."""

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest

# Before the first import of Airflow: it reads its home when it is imported.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="driftgate-airflow-"))
os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(Path(__file__).resolve().parents[2] / "plugins")
os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = "anna:viewer,bert:admin"
os.environ["AIRFLOW__API_AUTH__JWT_SECRET"] = "s" * 64

KEY = "2013-04-02"


class Run:
    """One run of a DAG: its context, what was pushed to XCom, and a way to run tasks in it."""

    def __init__(
        self, key: str | None = KEY, *, run_type: str = "manual", params: Any = None, conf: Any = None
    ) -> None:
        self.xcom: dict[str, Any] = {}
        self.outlet_events: dict[Any, Any] = defaultdict(lambda: SimpleNamespace(extra={}))
        self.dag_run = SimpleNamespace(
            dag_id="a_dag",
            run_id="manual__1",
            partition_key=key,
            run_type=run_type,
            conf=conf or {},
            triggering_user_name="anna",
            start_date=datetime(2013, 4, 3, 5, tzinfo=UTC),
        )
        self.params = params or {}
        self.try_id = "try-1"
        self.events: dict[Any, Any] = {}

    def context(self, task: Any) -> dict[str, Any]:
        """Return what Airflow gives to ``execute``."""
        instance = SimpleNamespace(
            task=task,
            id=self.try_id,
            dag_id="a_dag",
            task_id=task.task_id,
            run_id="manual__1",
            try_number=1,
            map_index=-1,
            xcom_push=lambda key, value: self.xcom.__setitem__(key, value),
        )
        return {
            "ti": instance,
            "task_instance": instance,
            "dag_run": self.dag_run,
            "params": self.params,
            "outlet_events": self.outlet_events,
            "triggering_asset_events": self.events,
        }

    def execute(self, task: Any) -> Any:
        """Run a task's ``pre_execute`` and ``execute``; the latter refuses whoever lacks the runner's sentinel."""
        from airflow.sdk.bases.operator import ExecutorSafeguard

        sentinel = {f"{type(task).__name__}__sentinel": ExecutorSafeguard.sentinel_value}
        task.pre_execute(self.context(task))
        return task.execute(context=self.context(task), **sentinel)

    def resume(self, task: Any, event: dict[str, Any]) -> Any:
        """Run a task's second half, after its trigger fired with ``event``."""
        return task.execute_complete(self.context(task), event)


@pytest.fixture
def run() -> type[Run]:
    """The maker of runs."""
    return Run


# Runs as ``python -m waiting_job --job <uri> …`` and ends when somebody lets it, by the file ``go`` in its folder.
WAITING_JOB = """
import sys, time
from pathlib import Path
from driftgate.compute import JobResult
from driftgate.compute.job_files import read_spec, result_path
from driftgate.lake import lake
from driftgate.settings import settings

spec = read_spec(sys.argv[sys.argv.index("--job") + 1])
folder = Path(settings().jobs) / spec.job_id
with (folder / "starts").open("a") as starts:
    starts.write("started\\n")
while not (folder / "go").exists():
    time.sleep(0.02)
lake().write(result_path(spec.job_id), JobResult(
    job_id=spec.job_id, spec_sha256=spec.hash, artefacts={"model.txt": "0" * 64}, metrics={"validation_auc": 0.7},
    stop_reason="all_iterations", seconds=1, cpu_seconds=1, peak_memory_mib=1).canonical())
"""


class Jobs:
    """The jobs of this test: real processes that wait."""

    def folder(self, job_id: str) -> Path:
        """Return where the job's process is."""
        from driftgate.settings import settings

        return Path(settings().jobs) / job_id

    def starts(self, job_id: str) -> int:
        """Return how often the job was started."""
        file = self.folder(job_id) / "starts"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def let_go(self, job_id: str) -> None:
        """Let the job end well."""
        (self.folder(job_id) / "go").touch()

    def wait_for(self, job_id: str, state: str) -> None:
        """Wait until the job is in ``state``."""
        from driftgate.compute import tend

        deadline = time.monotonic() + 20
        while (found := tend(job_id, "local_small").state) != state:
            assert time.monotonic() < deadline, f"the job is {found}, not {state}, after twenty seconds"
            time.sleep(0.02)
        while state == "running" and not self.starts(job_id):  # its program is on the way
            assert time.monotonic() < deadline, "the job's program did not start in twenty seconds"
            time.sleep(0.02)


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    """Let training jobs wait instead of training; none outlives the test."""
    from driftgate.compute import cancel, local
    from driftgate.metadata import metadata

    (tmp_path / "waiting_job.py").write_text(WAITING_JOB)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setitem(local.ENTRYPOINTS, "train", "waiting_job")
    jobs = Jobs()
    yield jobs
    for entry in metadata().all_latest("job_claim"):
        cancel(entry.subject, "local_small")
        jobs.let_go(entry.subject)


async def untidied(app, path, token):
    """Ask as a web server does that passes on what it got: test clients, as browsers, resolve a path's dots first."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "GET", "scheme": "http", "path": unquote(path), "raw_path": path.encode(),
        "query_string": b"", "headers": [(b"host", b"testserver"), (b"authorization", f"Bearer {token}".encode())],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)
