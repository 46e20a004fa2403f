"""A sweep deletes what has reached its end, keeps what a protected model needs, and says who asked."""

from datetime import date, datetime, timedelta
from types import SimpleNamespace

import pytest

from driftgate.datasets.holds import hold
from driftgate.errors import ConfigError, SourceMissing
from driftgate.governance import retention
from driftgate.governance.retention import plan_retention, sweep
from driftgate.lake import lake, publish, read_manifest
from driftgate.metadata import metadata

OLD, TODAY = datetime(2013, 4, 1, 12), date(2013, 8, 1)
KEY = "2013-04-01"


@pytest.fixture
def old_day(project, rides, age):
    """A day of every zone that is over, and one that is not."""
    for zone in ("raw", "validated", "quarantine"):
        publish(lake(), f"{zone}/rides/{KEY}", rides(KEY, "a@example.com"), known_at=OLD)
        publish(lake(), f"{zone}/rides/2013-07-31", rides("2013-07-31", "a@example.com"), known_at=OLD)
        age(f"{zone}/rides/{KEY}", OLD)
        age(f"{zone}/rides/2013-07-31", datetime(2013, 7, 31))
    lake().write("models/fares/1/model.txt", b"kept")
    age("models", OLD)


def test_a_report_deletes_nothing(old_day):
    before = lake().list("")
    plan = plan_retention(TODAY)

    assert lake().list("") == before
    assert {item.path.split("/")[2] for item in plan.ended} == {KEY}
    assert {item.path.split("/")[0] for item in plan.ended} == {"raw", "validated", "quarantine"}
    assert plan.bytes == sum(item.bytes for item in plan.ended) > 0
    assert {usage.zone: usage.objects for usage in plan.usage}["raw"] == len(lake().list("raw"))


def test_what_has_ended_is_gone_after_the_sweep_and_nothing_else(old_day):
    assert sweep(plan_retention(TODAY), by="anna", reason="weekly") > 0

    assert plan_retention(TODAY).ended == ()  # expired but present: none
    with pytest.raises(SourceMissing):
        read_manifest(lake(), f"validated/rides/{KEY}")
    assert read_manifest(lake(), "validated/rides/2013-07-31").rows == 1
    assert lake().exists("models/fares/1/model.txt")
    record = metadata().latest("sweep", TODAY.isoformat()).body
    assert (record["by"], record["deleted"][0]) == ("anna", f"quarantine/rides/{KEY}")


def test_a_day_before_its_end_nothing_is_deleted(old_day):
    assert plan_retention(OLD.date() + timedelta(days=90)).ended == ()
    assert plan_retention(OLD.date() + timedelta(days=91)).ended != ()


def test_a_sweep_that_died_is_finished_by_the_next(old_day, monkeypatch):
    plan, store, left = plan_retention(TODAY), lake(), [3]

    def dies(path):
        if not left[0]:
            raise OSError("the power is gone")
        left[0] -= 1
        type(store).delete(store, path)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "lake", lambda: SimpleNamespace(delete=dies))
        with pytest.raises(OSError, match="power"):
            sweep(plan, by="anna", reason="weekly")

    assert len(plan_retention(TODAY).ended) == len(plan.ended) - 3
    sweep(plan_retention(TODAY), by="anna", reason="weekly")
    assert plan_retention(TODAY).ended == ()


def test_a_sweep_without_a_name_is_refused(old_day):
    with pytest.raises(ConfigError, match="who asked"):
        sweep(plan_retention(TODAY), by="", reason="weekly")
    assert plan_retention(TODAY).ended


@pytest.mark.parametrize(("personal", "kept"), [(True, False), (False, True)])
def test_only_data_without_persons_is_kept_for_a_model_that_serves(old_day, change, monkeypatch, personal, kept):
    if not personal:
        change("data_contracts/rides.yaml", "value: customers", "value: operations")
    monkeypatch.setattr(retention, "protected_partitions", lambda _: {f"validated/rides/{KEY}": "fares/2013-04-30-1"})

    plan = plan_retention(TODAY)

    assert (plan.kept == {f"validated/rides/{KEY}": "fares/2013-04-30-1"}) is kept
    assert any(item.path.startswith(f"validated/rides/{KEY}") for item in plan.ended) is not kept


def test_a_version_that_cannot_be_read_stops_the_sweep(old_day):
    hold("fares/2013-04-30-3f9c2a1", actor="anna", reason="audit")
    with pytest.raises(ConfigError, match="There is no dataset version"):
        plan_retention(TODAY)
