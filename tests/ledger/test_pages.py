"""The week's report is a table that adds up and a page that is safe to open."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime

from driftgate.compute import Attempt
from driftgate.lake import lake
from driftgate.ledger import collect_all
from driftgate.ledger.pages import write_cost_report

MakeAttempt = Callable[..., Attempt]


def test_the_week_of_a_day_is_written_twice_the_same(attempt: MakeAttempt) -> None:
    attempt()
    attempt(job_id="train-2", started_at=datetime(2026, 3, 9, tzinfo=UTC))  # next week
    collect_all()
    report = write_cost_report(date(2026, 3, 8))
    table = lake().read("reports/cost/2026-W10.csv")
    (line,) = csv.DictReader(io.StringIO(table.decode()))
    assert [line[name] for name in ("activity", "project", "environment", "owner", "rows", "usd")] == [
        "retrain",
        "driftgate",
        "development",
        "ops",
        "1",
        "0.0363",
    ]
    page = lake().read("reports/cost/2026-W10.html").decode()
    assert "$0.0363 estimated" in page
    assert "Spot saved $0.0529" in page or "Spot saved $0.0530" in page
    assert write_cost_report(date(2026, 3, 2)) == report
    assert lake().read("reports/cost/2026-W10.csv") == table


def test_words_of_others_can_do_nothing(attempt: MakeAttempt) -> None:
    attempt(tags={"owner": "<script>alert(1)</script>", "project": "=cmd|' /C calc'!A0"})
    collect_all()
    write_cost_report(date(2026, 3, 2))
    assert b"<script>" not in lake().read("reports/cost/2026-W10.html")
    assert b",'=cmd" in lake().read("reports/cost/2026-W10.csv")


def test_a_week_without_rows_is_an_empty_table() -> None:
    write_cost_report(date(2026, 3, 2))
    assert lake().read("reports/cost/2026-W10.csv").count(b"\n") == 1
    assert b"No night was left alone" in lake().read("reports/cost/2026-W10.html")
