"""``driftgate release`` and ``driftgate backup``, as a person types them; the drill restores by this command too."""

from datetime import UTC, datetime

import pytest

from driftgate.metadata import metadata
from driftgate.registry.releases import record_release
from driftgate.use_cases import load_use_case

NAME = "flight_delays"


@pytest.fixture
def release(put_package):
    moment = datetime(2013, 4, 1, tzinfo=UTC)
    return record_release(
        load_use_case(NAME), put_package("1"), previous=None, switched_at=moment, switched_by="anna", revision=1,
        plan_sha256="0" * 64,
    )  # fmt: skip


def test_releases_are_listed_and_shown(run, release):
    assert release.id in run("release", "list", NAME).output
    assert f'"package_sha256": "{release.package_sha256}"' in run("release", "show", NAME, release.id).output


def test_an_unknown_release_is_a_sentence(run, release):
    answer = run("release", "restore", NAME, "9-00000000")
    assert answer.exit_code == 1
    assert "flight_delays has no release '9-00000000'" in " ".join(answer.output.split())


def test_a_backup_is_made_and_comes_back(run, tmp_path, monkeypatch):
    metadata().append("test", "a", {"kept": True})
    assert "Back up by their own means: lake" in " ".join(run("backup", "create", tmp_path / "backup").output.split())
    monkeypatch.setenv("DRIFTGATE_HOME", str(tmp_path / "other"))
    assert run("backup", "restore", tmp_path / "backup").exit_code == 0
    assert metadata().latest("test", "a").body == {"kept": True}
    answer = run("backup", "restore", tmp_path / "backup")
    assert answer.exit_code == 1
    assert "nothing is overwritten" in " ".join(answer.output.split())


def test_a_folder_without_a_backup_is_a_sentence(run, tmp_path):
    answer = run("backup", "restore", tmp_path)
    assert answer.exit_code == 1
    assert "backup.json does not exist" in " ".join(answer.output.split())
