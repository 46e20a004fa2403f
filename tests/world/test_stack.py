"""The stack says which process did not come up and where its log is, and stops when nothing runs."""

import os
import sys

import pytest

from driftgate.errors import DriftgateError
from driftgate.world import processes, stack


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTGATE_AIRFLOW_PORT", "1")
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", "1")


def test_a_process_that_ends_at_once_is_named_with_its_log() -> None:
    processes.start("endpoint", [sys.executable, "-c", "print('no model room')"], dict(os.environ))
    with pytest.raises(DriftgateError, match=r"endpoint did not come up; its log is .*/run/endpoint.log\. Run 'make s"):
        stack._wait("endpoint", stack.endpoint_answers)
    assert processes.log_file("endpoint").read_text() == "no model room\n"


def test_a_process_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "STARTUP_SECONDS", 0.1)
    processes.start("api-server", [sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ))
    with pytest.raises(DriftgateError, match="api-server did not come up"):
        stack._wait("api-server", stack._airflow_healthy)
    assert stack.stop() == ["api-server"]


def test_an_endpoint_without_a_model_is_given_up_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "MODEL_SECONDS", 0.1)
    with pytest.raises(
        DriftgateError, match=r"The endpoint serves no model of flight_delays; its log is .*/run/endpoint.log"
    ):
        stack.wait_for_model("flight_delays")


def test_stopping_when_nothing_runs_is_no_error() -> None:
    assert stack.stop() == []
