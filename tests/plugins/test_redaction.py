"""Values planted in everything that a task can say do not reach its log."""

import logging
import sys

import pytest

from driftgate_airflow.lineage import Step
from driftgate_airflow.operators.base import UseCaseOperator
from driftgate_airflow.redaction import OURS, install_redaction

EMAIL, PHONE, CARD = "anna@example.com", "+49 30 12345678", "4111 1111 1111 1111"
domain = logging.getLogger("driftgate.sources.ingest")


class Careless(UseCaseOperator):
    """Says everything that it should keep to itself."""

    def step(self, context):
        self.log.info("asked by %s", EMAIL)
        self.log.warning("a row", row={"phone": PHONE, "more": [CARD]})
        domain.warning("read %s", {"email": EMAIL})
        try:
            raise ValueError(f"cannot read {CARD}")
        except ValueError:
            self.log.exception("it broke for %s", EMAIL)
            domain.exception("it broke for %s", PHONE)
        return Step(summary={"contact": EMAIL, "rows": 3}, inputs=(), outputs=())


@pytest.fixture
def log(capsys, caplog, run):
    """The text of both ways to log, as the task's own output has it."""
    handler = logging.StreamHandler(sys.stdout)  # Airflow's own is of this kind
    logging.getLogger().addHandler(handler)
    try:
        run().execute(Careless(task_id="careless", use_case="flight_delays"))
    finally:
        logging.getLogger().removeHandler(handler)
    return capsys.readouterr().out


@pytest.mark.parametrize("value", [EMAIL, PHONE, CARD])
def test_no_planted_value_is_in_the_log(log, caplog, value):
    assert value not in log
    assert value not in caplog.text


def test_what_was_said_besides_is(log):
    for text in ("asked by ***", "a row", "read {'email': '***'}", "it broke for ***", "ValueError: cannot read ***"):
        assert text in log
    assert "'rows': 3" in log


def test_installing_again_changes_nothing():
    import structlog

    install_redaction()
    install_redaction()
    assert sum(hasattr(item, OURS) for item in structlog.get_config()["processors"]) == 1
    for handler in logging.getLogger().handlers:
        assert sum(hasattr(rule, OURS) for rule in handler.filters) == 1


def test_a_task_says_nothing_while_its_dag_is_parsed():
    """Contracts are read when a task begins, not when a DAG file is."""
    import subprocess

    code = (
        "import sys; from driftgate_airflow.operators.base import UseCaseOperator;"
        "print([name for name in ('driftgate.contracts', 'driftgate.governance.redaction') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.splitlines()[-1] == "[]"
