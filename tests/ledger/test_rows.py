"""A row is read as it was written."""

from datetime import datetime, timedelta, timezone

import pytest

from driftgate.errors import ConfigError
from driftgate.ledger import LedgerRow, rows
from driftgate.ledger.rows import KIND, write_row
from driftgate.metadata import metadata

GOLDEN = (
    '{"activity":"train","arch":null,"attempt":2,"billed_seconds":60.0,"business_unit":"demo","bytes_cross_region":nu'
    'll,"bytes_read":null,"bytes_written":null,"cache_hit":null,"cost_billed_usd":null,"cost_centre":null,"cost_note"'
    ':"","cost_usd":0.000605,"cpu":{"max":98.5,"p50":90.0,"p95":97.0},"cpu_seconds":8.25,"dag_id":null,"dataset_versi'
    'on":null,"disk":null,"ended_at":"2026-03-02T09:00:05.250000Z","energy_kwh":null,"energy_method":null,"environmen'
    't":"development","gb_moved":null,"gb_stored":null,"gpu":null,"gpu_memory":null,"gpu_minutes":null,"gpu_seconds":'
    'null,"instance_count":1,"instance_type":"c7i.large","interruptions":0,"job_id":"train-1","kg_co2e":null,"kind":"'
    'job","map_index":null,"memory":null,"model_version":null,"on_demand_usd":0.001488,"outcome":"succeeded","owner":'
    '"ops","peak_gpu_memory_mib":null,"peak_memory_mib":310.2,"phase":"training","price_source":"price table of 2026-'
    '06-17","project":"driftgate","region":"us-east-1","row_share":0.5,"rows":24000,"run_id":null,"saving_usd":0.0008'
    '83,"schema_version":1,"seconds":5.25,"skipped_reason":null,"spot":true,"started_at":"2026-03-02T09:00:00Z","targ'
    'et":"batch_spot","task_id":null,"trainer":"lightgbm","try_number":null,"use_case":"flight_delays","vcpu_minutes"'
    ':0.175,"volume_gb":null,"zone":null}'
)


def test_the_golden_row_is_written_and_read_unchanged() -> None:
    row = LedgerRow.model_validate_json(GOLDEN)
    assert row.canonical().decode() == GOLDEN
    write_row(row)
    assert rows() == [row]


def test_a_week_begins_on_monday_in_utc() -> None:
    row = LedgerRow.model_validate_json(GOLDEN)
    sunday = datetime(2026, 3, 1, 22, tzinfo=timezone(-timedelta(hours=3)))  # Monday 01:00 in UTC
    assert row.model_copy(update={"started_at": sunday}).week == "2026-W10"


def test_a_row_that_this_version_cannot_read_is_a_sentence() -> None:
    metadata().append(
        KIND, "flight_delays/1", {**LedgerRow.model_validate_json(GOLDEN).model_dump(mode="json"), "carats": 2}
    )
    with pytest.raises(ConfigError, match="the ledger's row flight_delays/1: unknown key 'carats'"):
        rows()
