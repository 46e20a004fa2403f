"""``driftgate retention`` reports, deletes only when told to, and prints what S3 takes."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from driftgate.lake import lake


@pytest.fixture
def old_quarantine():
    """An object of 2013 in a zone that is kept for a year."""
    lake().write("quarantine/flights/2013-04-01/manifest.json", b"{}")
    file = Path(lake().uri("quarantine/flights/2013-04-01/manifest.json").removeprefix("file://"))
    os.utime(file, (datetime(2013, 4, 1).timestamp(),) * 2)
    return file


def test_the_report_and_a_sweep_without_delete_change_nothing(run, old_quarantine):
    answer = run("retention", "report")
    assert answer.exit_code == 0, answer.output
    assert "ended: quarantine/flights/2013-04-01" in answer.stdout
    dry = run("retention", "sweep")
    assert (dry.exit_code, "add --delete" in dry.stderr) == (1, True)
    assert old_quarantine.exists()


def test_a_sweep_wants_a_name_and_a_reason(run, old_quarantine):
    nameless = run("retention", "sweep", "--delete")
    assert nameless.exit_code == 1
    assert old_quarantine.exists()

    answer = run("retention", "sweep", "--delete", "--by", "anna", "--reason", "weekly")
    assert answer.exit_code == 0, answer.output
    assert not old_quarantine.exists()


def test_the_day_can_be_chosen_and_must_be_one(run, old_quarantine):
    assert "0 objects, 0 bytes" in run("retention", "report", "--today", "2013-06-01").stdout
    wrong = run("retention", "report", "--today", "June")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)


def test_the_lifecycle_is_json(run):
    rules = json.loads(run("retention", "lifecycle").stdout)["Rules"]
    assert "quarantine/flights/" in {rule["Filter"]["Prefix"] for rule in rules}


def test_a_report_looks_ahead_but_nothing_is_deleted_before_its_time(run, old_quarantine):
    os.utime(old_quarantine)
    assert "ended: quarantine/flights/2013-04-01" in run("retention", "report", "--today", "9999-01-01").stdout
    early = run("retention", "sweep", "--today", "9999-01-01", "--delete", "--by", "anna", "--reason", "weekly")
    assert (early.exit_code, "lies in the future" in early.stderr) == (1, True)
    assert old_quarantine.exists()
