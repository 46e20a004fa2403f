"""What lies in the lake is a row for each zone and week, priced where it costs."""

from datetime import date

import pytest

from driftgate.lake import lake
from driftgate.ledger import rows, storage
from driftgate.ledger.storage import record_storage


def test_each_zone_has_one_row_a_week() -> None:
    lake().write("validated/flights/2013-04-01/manifest.json", bytes(2**20))
    lake().write("models/flight_delays/1/model.txt", bytes(2**21))
    record_storage(date(2026, 3, 2), "platform")
    record_storage(date(2026, 3, 8), "platform")
    found = {row.target: row for row in rows()}
    assert set(found) == {"lake/validated", "lake/models"}
    row = found["lake/models"]
    assert (row.activity, row.week, row.owner, row.tagged, row.cost_usd) == ("storage", "2026-W10", "platform", True, 0)
    assert row.gb_stored == pytest.approx(2 / 1024, abs=1e-6)
    record_storage(date(2026, 3, 9), "platform")
    assert len(rows()) == 4


def test_s3_costs_by_the_month(monkeypatch: pytest.MonkeyPatch) -> None:
    real = storage.settings()
    monkeypatch.setattr(storage, "settings", lambda: real.model_copy(update={"lake": "s3://bucket"}))
    lake().write("raw/flights/2013-04-01/rows", bytes(2**20))
    (row,) = record_storage(date(2026, 3, 2), "platform")
    assert row.cost_usd == pytest.approx(0.023 / 1024 * 12 * 7 / 365.25, abs=1e-6)
