"""A small client of Airflow's REST API: trigger, wait, backfill."""

import time
from collections.abc import Callable
from typing import Any, Self

import httpx

from driftgate.errors import DriftgateError
from driftgate.settings import settings
from driftgate.world.environment import LOCK_SECONDS, password

POLL_SECONDS = 0.25
TIMEOUT_SECONDS = 2 * LOCK_SECONDS  # Airflow itself waits that long for its database before it gives up
ENDED = ("success", "failed")


class AirflowApi:
    """Talks to the Airflow of this environment as its one user; a context manager that closes its connections."""

    def __init__(self) -> None:
        self.http = httpx.Client(base_url=settings().airflow.url, timeout=TIMEOUT_SECONDS)
        answer = self._ask("POST", "/auth/token", json={"username": settings().airflow.user, "password": password()})
        if answer.status_code >= 400:
            raise DriftgateError(
                f"Airflow at {settings().airflow.url} refuses the user {settings().airflow.user!r}: another Airflow "
                "may be running there. Run 'make stop' and 'make up'."
            )
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def unpause(self, dag_ids: list[str], seconds: float = 60) -> None:
        """Switch the DAGs on; waits until the DAG processor has found them all.

        :raises DriftgateError: a DAG does not appear; the sentence carries the import errors
        """
        deadline = time.monotonic() + seconds
        for dag_id in dag_ids:
            while self._ask("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False}).status_code == 404:
                if time.monotonic() > deadline:
                    raise DriftgateError(f"Airflow does not know the DAG {dag_id}. {self._import_errors()}")
                time.sleep(POLL_SECONDS)

    def trigger(self, dag_id: str, run_id: str, *, key: str | None = None, conf: dict[str, Any] | None = None) -> str:
        """Start a run, or find the one that already has this id; return its id.

        :param key: the run's partition key
        :param conf: the run's parameters
        """
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf or {}, "partition_key": key}
        answer = self._ask("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        if answer.status_code not in (200, 409):
            raise DriftgateError(f"Airflow refused to start {dag_id} for {key}: {answer.text[:300]}")
        return run_id

    def state(self, dag_id: str, run_id: str) -> str | None:
        """Return the state of a run (queued, running, success or failed), or None when there is no such run."""
        answer = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return str(answer.json()["state"])

    def wait(self, dag_id: str, run_id: str, *, seconds: float, tick: Callable[[], None] = lambda: None) -> None:
        """Wait for the end of a run.

        :raises DriftgateError: it failed (the sentence names the task), or did not end in time
        """
        deadline = time.monotonic() + seconds
        while (state := self.state(dag_id, run_id)) not in ENDED:
            if time.monotonic() > deadline:
                raise DriftgateError(f"{dag_id} {run_id} has not ended after {seconds:.0f} s; look at it in the UI.")
            tick()
            time.sleep(POLL_SECONDS)
        if state == "failed":
            failed = [task["task_id"] for task in self.tasks(dag_id, run_id) if task["state"] == "failed"]
            raise DriftgateError(
                f"{dag_id} {run_id} failed in {', '.join(failed) or 'no task'}; read its log in the UI, clear it "
                "there, and run this again."
            )

    def wait_for_partitions(
        self, dag_id: str, keys: list[str], *, seconds: float, tick: Callable[[], None] = lambda: None
    ) -> None:
        """Wait until ``dag_id`` has run every partition of ``keys``; runs that do not exist yet are waited for too.

        :raises DriftgateError: a run failed, or they did not all end in time
        """
        deadline = time.monotonic() + seconds
        for key in keys:
            while (run := self.run_of_partition(dag_id, key)) is None:
                if time.monotonic() > deadline:
                    raise DriftgateError(f"{dag_id} has not begun the partition {key} after {seconds:.0f} s.")
                time.sleep(POLL_SECONDS)
            self.wait(dag_id, run["dag_run_id"], seconds=deadline - time.monotonic(), tick=tick)

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a run."""
        answer = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances")
        answer.raise_for_status()
        return list(answer.json()["task_instances"])

    def succeeded(self, dag_id: str, run_id: str, task_id: str) -> bool:
        """Return whether a task of a run ended in success; False when there is no such run."""
        answer = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")
        return answer.status_code == 200 and answer.json()["state"] == "success"

    def run_of_partition(self, dag_id: str, key: str) -> dict[str, Any] | None:
        """Return the newest run of ``dag_id`` for the partition ``key``, or None."""
        answer = self._ask("GET", f"/api/v2/dags/{dag_id}/dagRuns", params={"order_by": "-run_after", "limit": 100})
        answer.raise_for_status()
        return next((run for run in answer.json()["dag_runs"] if run["partition_key"] == key), None)

    def backfill(self, dag_id: str, first: str, last: str, conf: dict[str, Any] | None = None) -> int:
        """Create a backfill over the partitions ``first`` to ``last`` and return its id."""
        body = {
            "dag_id": dag_id,
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "dag_run_conf": conf or {},
            "max_active_runs": 4,
        }
        answer = self._ask("POST", "/api/v2/backfills", json=body)
        if answer.status_code != 200:
            raise DriftgateError(
                f"Airflow refused the backfill of {dag_id} from {first} to {last}: {answer.text[:300]}"
            )
        return int(answer.json()["id"])

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        try:
            return self.http.request(method, path, **content)
        except httpx.TransportError as error:
            raise DriftgateError(
                f"Airflow at {settings().airflow.url} does not answer ({error}); run 'make up' and try again."
            ) from None

    def _import_errors(self) -> str:
        errors = self._ask("GET", "/api/v2/importErrors").json().get("import_errors", [])
        return "; ".join(f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors)
