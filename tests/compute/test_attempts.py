"""An attempt is read as it was written, or not at all."""

from datetime import UTC, datetime

import pytest

from driftgate.compute import Attempt, attempts
from driftgate.compute.job_records import Ending, JobRecord, note
from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.training import training_spec
from driftgate.use_cases import load_use_case

GOLDEN = (
    '{"backend":"batch","bytes_read":4096,"bytes_received":null,"bytes_sent":null,"bytes_written":8192,"cores":2.0,"c'
    'pu":{"max":98.5,"p50":90.0,"p95":97.0},"cpu_seconds":8.25,"dataset_version":"flight_delays/2013-03-31-3f9c2a1","'
    'disk":null,"gpu":null,"gpu_kwh":null,"gpu_memory":null,"gpu_seconds":null,"gpus":0,"instance_count":1,"instance_'
    'type":"c7i.large","job_id":"retrain-1","memory":null,"memory_mib":4096.0,"number":2,"outcome":"succeeded","peak_'
    'gpu_memory_mib":null,"peak_memory_mib":310.2,"region":"eu-west-1","resumed_from":40,"row_share":1.0,"rows":24000'
    ',"schema_version":1,"seconds":5.25,"spot":true,"started_at":"2013-04-01T02:00:00Z","tags":{"owner":"ops"},"targe'
    't":"batch_spot","trainer":"lightgbm","use_case":"flight_delays","volume_gb":30.0}'
)


def test_the_golden_attempt_is_read_and_written_unchanged() -> None:
    lake().write("jobs/retrain-1/attempts/2.json", GOLDEN.encode())
    (attempt,) = attempts("retrain-1")
    assert attempt.canonical().decode() == GOLDEN
    assert Attempt.model_validate_json(GOLDEN) == attempt


def test_attempts_are_in_the_order_of_their_numbers() -> None:
    for number in (10, 9):
        text = GOLDEN.replace('"number":2', f'"number":{number}')
        lake().write(f"jobs/retrain-1/attempts/{number}.json", text.encode())
    assert [attempt.number for attempt in attempts("retrain-1")] == [9, 10]


@pytest.mark.parametrize(("state", "outcome"), [("failed", "failed"), ("lost", "interrupted"), (None, "interrupted")])
def test_one_without_a_last_word_ended_as_its_job_did(state, outcome) -> None:
    """A process that is killed for its memory writes nothing any more."""
    lake().write("jobs/retrain-1/attempts/1.json", GOLDEN.replace('"succeeded"', '"running"').encode())
    spec = training_spec(load_use_case("flight_delays"), "flight_delays/2013-03-31-3f9c2a1", "retrain-1")
    then = datetime(2013, 4, 1, tzinfo=UTC)
    ending = state and Ending(state=state, reason="it took more memory than it may")
    record = JobRecord(job_id="retrain-1", spec=spec, target="t", submitted_at=then, placed_at=then, ending=ending)
    note(record, expected=0)
    assert [attempt.outcome for attempt in attempts("retrain-1")] == [outcome]


def test_a_job_that_never_began_has_none() -> None:
    assert attempts("never") == []


def test_an_attempt_of_a_newer_version_says_what_to_upgrade() -> None:
    lake().write("jobs/retrain-1/attempts/1.json", GOLDEN.replace('"schema_version":1', '"schema_version":9').encode())
    with pytest.raises(
        ConfigError, match="has schema_version 9, but this Driftgate reads up to 1: a newer one wrote it"
    ):
        attempts("retrain-1")
