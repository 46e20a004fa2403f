"""The world driver: plays past days as if they were today.

A day is played in the order in which it would happen: its requests go to the endpoint, then its outcomes reach the
source, then Airflow runs the partition. The next day begins when the night is over: a verdict is written, a retraining
that it asked for has ended, and a promotion under way has judged the traffic it has.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from driftgate.errors import DriftgateError
from driftgate.monitoring import verdict_of
from driftgate.promotion import deployment, ready_to_judge
from driftgate.sources import sample
from driftgate.use_cases import UseCase
from driftgate.world import traffic
from driftgate.world.airflow_api import POLL_SECONDS, AirflowApi

NIGHT_SECONDS = 600


@dataclass(frozen=True)
class Day:
    """What one played day came to."""

    key: str
    requests: int
    decision: str
    step: str


def play_day(api: AirflowApi, use_case: UseCase, key: str, source: str, tell: Callable[[str], None]) -> Day:
    """Play one day and the night after it; a day that was played before is not played again.

    :param tell: called with a line about what is going on
    :raises DriftgateError: a DAG run failed, or the night did not end in time
    """
    tell(f"{key}: requests")
    sent = traffic.send(use_case, key)
    tell(f"{key}: outcomes reach the source")
    sample.deliver(key, key)
    tell(f"{key}: night")
    run_id, conf = f"replay__{key}", {"replay": True}
    api.trigger(f"{source}.ingest", run_id, key=key, conf=conf)
    api.trigger(f"{use_case.name}.retrain", run_id, key=key, conf=conf)
    api.wait(f"{source}.ingest", run_id, seconds=NIGHT_SECONDS)
    api.wait(f"{use_case.name}.retrain", run_id, seconds=NIGHT_SECONDS)
    settle(api, use_case, key)
    verdict, state = verdict_of(use_case.name, key), deployment(use_case.name)
    return Day(key, sent, verdict.decision if verdict else "none", state.step if state else "none")


def settle(api: AirflowApi, use_case: UseCase, key: str) -> None:
    """Wait until a promotion has acted on everything it can judge today.

    :raises DriftgateError: it did not within ten minutes
    """
    deadline = time.monotonic() + NIGHT_SECONDS
    while _promotion_is_busy(api, use_case, key):
        if time.monotonic() > deadline:
            raise DriftgateError(f"{use_case.name}.promote has not moved on {key}; look at its run in the UI.")
        time.sleep(POLL_SECONDS)


def _promotion_is_busy(api: AirflowApi, use_case: UseCase, key: str) -> bool:
    state = deployment(use_case.name)
    if state and state.candidate and ready_to_judge(use_case, state.candidate, state.step):
        return True
    if not api.succeeded(f"{use_case.name}.retrain", f"replay__{key}", "register_candidate"):
        return False
    run = api.run_of_partition(f"{use_case.name}.promote", key)  # the candidate of tonight: its run begins now
    return run is None or (run["state"] not in ("success", "failed") and (state is None or not state.candidate))
