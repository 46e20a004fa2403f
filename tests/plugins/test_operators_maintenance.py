"""The weekly tasks: they look, they say what they found, and delete only when told to."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from airflow.sdk.exceptions import AirflowFailException

from driftgate.captures import Tally
from driftgate.catalog import stored_catalog
from driftgate.compute import Attempt
from driftgate.lake import lake, publish
from driftgate.lineage import read_stream, verify
from driftgate.metadata import metadata
from driftgate.sources import sample
from driftgate_airflow.lifecycle.sweep import sweep
from driftgate_airflow.operators.catalog_sync import CatalogSyncOperator
from driftgate_airflow.operators.discover_sensitive_data import DiscoverSensitiveDataOperator
from driftgate_airflow.operators.report_cost import ReportCostOperator
from driftgate_airflow.operators.sweep_expired import SweepExpiredOperator
from driftgate_airflow.operators.validate_contract import ValidateContractOperator
from driftgate_airflow.operators.verify_lineage import VerifyLineageOperator

DAY = "2013-04-02"


@pytest.fixture
def old_quarantine():
    lake().write("quarantine/flights/2012-01-01/manifest.json", b"{}")
    file = Path(lake().uri("quarantine/flights/2012-01-01/manifest.json").removeprefix("file://"))
    os.utime(file, (datetime(2012, 1, 1).timestamp(),) * 2)
    return file


def sweeper():
    return SweepExpiredOperator(task_id="sweep_expired", reason="weekly")


def test_the_catalogue_is_built_and_its_page_recorded(run):
    answer = run().execute(CatalogSyncOperator(task_id="catalog_sync"))
    assert (answer["datasets"], answer["duplicate_features"]) == (3, 0)
    assert len(stored_catalog().datasets) == 3
    (record,) = read_stream("driftgate")
    assert [ref.name for ref in record.outputs] == ["reports/catalog/index.html"]


def test_a_run_reports_and_only_a_run_that_says_so_deletes(run, old_quarantine):
    answer = run(DAY).execute(sweeper())
    assert (answer["ended"], answer["deleted"]) == (1, 0)
    assert old_quarantine.exists()

    answer = run(DAY, params={"delete": True}).execute(sweeper())
    assert answer["deleted"] == 1
    assert not old_quarantine.exists()
    assert metadata().latest("sweep", DAY).body["by"] == "anna"


def test_the_end_is_counted_for_the_day_of_the_run(run, old_quarantine):
    assert run("2012-12-30").execute(sweeper())["ended"] == 0
    assert run("2012-12-31").execute(sweeper())["ended"] == 1


def test_deleting_without_a_reason_is_refused(run, old_quarantine):
    with pytest.raises(AirflowFailException, match="who asked for it and why"):
        run(DAY, params={"delete": True}).execute(SweepExpiredOperator(task_id="sweep_expired"))
    assert old_quarantine.exists()


def test_whole_chains_pass_and_a_removed_record_fails_at_once(run):
    run().execute(CatalogSyncOperator(task_id="catalog_sync"))
    assert run().execute(VerifyLineageOperator(task_id="verify_lineage")) == {"chains": 1, "problems": 0}
    lake().delete("lineage/driftgate/00000001.json")
    with pytest.raises(AirflowFailException, match=r"Tampered: lineage/driftgate/00000001\.json was removed"):
        run().execute(VerifyLineageOperator(task_id="verify_lineage"))


def test_undeclared_personal_data_is_an_alarm_without_its_values(run):
    table = sample.table_of("planes", DAY)
    mails = pa.array([f"owner{place}@example.com" for place in range(table.num_rows)])
    publish(lake(), f"validated/planes/{DAY}", table.set_column(4, "model", mails))

    answer = run().execute(DiscoverSensitiveDataOperator(task_id="discover_sensitive_data"))

    assert answer == {"datasets": 1, "suspected_columns": 1}
    alarm = metadata().latest("alarm", "sensitive_data/planes.model").body["sentence"]
    assert "planes.model looks like e-mail address in 100.0 %" in alarm
    assert "example.com" not in alarm


def test_one_flipped_byte_stops_the_next_step_and_is_recorded(run):
    table = sample.table_of("weather", DAY)
    (file,) = publish(lake(), f"raw/weather/{DAY}", table, contract="weather").files
    path = Path(lake().uri(f"raw/weather/{DAY}/{file.name}").removeprefix("file://"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)

    with pytest.raises(AirflowFailException, match=r"Tampered: .*its sha256 differs"):
        run(DAY).execute(ValidateContractOperator(task_id="validate", source="nycflights", dataset="weather"))

    (record,) = read_stream("nycflights")
    assert record.event["eventType"] == "FAIL"
    assert record.facet("driftgate_parameters")["values"]["integrity_failed"] is True
    assert "its sha256 differs" in record.facet("errorMessage")["message"]
    assert verify("nycflights") == []


def test_last_week_s_cost_is_written_and_the_untagged_counted(run):
    attempt = Attempt(
        job_id="job-1",
        number=1,
        use_case="flight_delays",
        trainer="lightgbm",
        started_at=datetime(2013, 3, 26, 9, tzinfo=UTC),
        outcome="succeeded",
        target="local_small",
        backend="local",
        cores=2,
        memory_mib=4096,
        seconds=3600,
        cpu_seconds=60,
        peak_memory_mib=300,
    )
    lake().write("jobs/job-1/attempts/1.json", attempt.canonical())
    answer = run(DAY).execute(ReportCostOperator(task_id="report_cost"))
    assert (answer["usd"], answer["unknown"], answer["untagged_rows"]) == (0, 0, 1)
    assert answer["page"].endswith("reports/cost/2013-W13.html")
    lines = lake().read("reports/cost/2013-W13.csv").decode().splitlines()[1:]
    assert [line.split(",")[0] for line in lines] == ["storage", "train"]
    (record,) = read_stream("driftgate")
    assert [ref.name for ref in record.outputs] == ["reports/cost/2013-W13.html"]


def test_captures_are_counted_and_put_together_every_hour(run, capsys):
    """What is missing warns and fails nothing."""
    tally = Tally(run="ab", use_case="flight_delays", day="2013-04-02", answers=3, left_out=0, captures=3)
    lake().write(tally.path, tally.canonical())
    file = Path(lake().uri(tally.path).removeprefix("file://"))
    os.utime(file, (time.time() - 2 * 3600,) * 2)
    task = sweep(owner="ops", runbook=None).get_task("reconcile_captures")
    answer = run(params={}).execute(task)

    assert answer == {"days": 1, "missing": 3, "uncaptured": 3, "compacted": 0}
    assert "Captures of flight_delays on 2013-04-02 got lost" in capsys.readouterr().out
    assert metadata().latest("alarm", "captures_lost/flight_delays/2013-04-02").body["state"] == "open"
