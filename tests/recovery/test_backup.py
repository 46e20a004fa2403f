"""A backup holds one moment of every database, and comes back only whole and only where nothing is."""

import sqlite3
import threading

import pytest

from driftgate.errors import ConfigError, Tampered
from driftgate.metadata import metadata
from driftgate.promotion import deployment, deployment_plan
from driftgate.recovery import create_backup, drill, restore_backup
from driftgate.recovery.backup import Backup
from driftgate.registry import champion

NAME = "flight_delays"


@pytest.fixture
def backup(serving, tmp_path):
    create_backup(tmp_path / "backup")
    return tmp_path / "backup"


@pytest.fixture
def empty(tmp_path, monkeypatch):
    home = tmp_path / "empty"
    home.mkdir()
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    return home


def test_all_records_come_back(backup, serving, tmp_path, monkeypatch):
    state, served = deployment(NAME), champion(NAME)
    (serving / "metadata.db").unlink()
    home = tmp_path / "empty"
    (home / "lake").parent.mkdir()
    (serving / "lake").rename(home / "lake")
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    restored = restore_backup(backup)
    assert {"metadata.db", "mlflow.db"} <= set(restored.files)
    assert (deployment(NAME), champion(NAME)) == (state, served)
    assert not (home / "keys" / "signing.pem").exists()
    assert "private key" in restored.sentence


def test_it_is_one_moment_though_somebody_writes_meanwhile(serving, tmp_path):
    stop = threading.Event()

    def write():
        while not stop.is_set():
            metadata().append("test", "counter", {})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        create_backup(tmp_path / "backup")
    finally:
        stop.set()
        writer.join()
    with sqlite3.connect(tmp_path / "backup" / "metadata.db") as copy:
        revisions = [number for (number,) in copy.execute("select revision from driftgate_record where kind = 'test'")]
        assert copy.execute("pragma integrity_check").fetchone() == ("ok",)
    copy.close()
    assert sorted(revisions) == list(range(1, len(revisions) + 1))


def test_nothing_is_overwritten(backup, serving, empty):
    restore_backup(backup)
    with pytest.raises(ConfigError, match=r"is there already, and nothing is overwritten"):
        restore_backup(backup)
    with pytest.raises(ConfigError, match="is not empty; name a new folder"):
        create_backup(backup)


@pytest.mark.parametrize("damage", ["changed", "gone", "no manifest", "outside"])
def test_a_damaged_backup_restores_nothing(backup, empty, damage):
    file = backup / "metadata.db"
    if damage == "changed":
        file.write_bytes(file.read_bytes() + b"x")
    elif damage == "gone":
        file.unlink()
    elif damage == "no manifest":
        (backup / "backup.json").unlink()
    else:
        (backup / "backup.json").write_bytes(Backup(files={"../backup/metadata.db": "0"}, elsewhere={}).canonical())
    with pytest.raises((Tampered, ConfigError)):
        restore_backup(backup)
    assert list(empty.iterdir()) == []


def test_the_drill_recovers_the_newest_release_and_says_how_long_it_took(release, use_case):
    found = drill(use_case, "2013-04-01")
    assert found.recovered, found.sentence
    assert found.passed
    assert 0 < found.seconds < 120
    assert release.id in found.sentence
    assert deployment_plan(use_case).hash == release.endpoint.plan_sha256
