"""A version comes back from its tag and the DVC remote, byte for byte, or a sentence says why not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from driftgate.datasets import DatasetVersion, get_version, list_versions, load_version, version_files
from driftgate.datasets.removal import record_removal
from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.records import sha256
from driftgate.settings import home, settings


@pytest.fixture
def version(story: Any, project_home: Path) -> DatasetVersion:
    """A prepared version, whose repository and remote were moved to this test's own state folder."""
    for name in ("data.git", "dvc"):
        shutil.copytree(story.home / name, project_home / name)
    version: DatasetVersion = story.version
    return version


def stored_rows(version: DatasetVersion) -> Path:
    return Path(settings().dvc_remote) / "files" / "md5" / version.dvc_md5[:2] / version.dvc_md5[2:]


def overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(0o444)  # DVC trusts a file that nobody may write; of others it computes the md5 itself


def test_a_version_is_restored_from_a_remote_that_moved(version: DatasetVersion, tmp_path: Path) -> None:
    folder = get_version(version.name, tmp_path / "deep" / "target")

    assert sha256((folder / "rows.parquet").read_bytes()) == version.files["rows.parquet"]
    assert DatasetVersion.model_validate_json((folder / "version.json").read_bytes()) == version
    assert sorted(path.name for path in folder.iterdir()) == ["rows.parquet", "version.json"]


def test_git_and_dvc_alone_are_enough(story: Any, tmp_path: Path) -> None:
    version, clone = story.version, tmp_path / "plain"
    subprocess.run(["git", "clone", "--quiet", story.home / "data.git", clone], check=True, capture_output=True)
    subprocess.run(["git", "checkout", "--quiet", version.tag], cwd=clone, check=True, capture_output=True)
    environment = {**os.environ, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}  # DVC's own default is in /var/tmp

    def dvc(*arguments: str) -> str:
        command = [sys.executable, "-m", "dvc", *arguments]
        return subprocess.run(command, cwd=clone, env=environment, check=True, capture_output=True, text=True).stdout

    dvc("pull")
    assert dvc("status") == dvc("repro", "--dry").splitlines()[-1] + "\n" == "Data and pipelines are up to date.\n"
    assert sha256((clone / "data" / "rows.parquet").read_bytes()) == version.files["rows.parquet"]
    assert (clone / "data" / "version.json").read_bytes() == version.canonical()


def test_the_cache_is_filled_once_checked_at_each_call_and_healed(version: DatasetVersion) -> None:
    folder = version_files(version.name)
    rows = folder / "rows.parquet"
    assert folder == home() / "datasets" / version.name
    assert sha256(rows.read_bytes()) == version.files["rows.parquet"]

    shutil.move(settings().dvc_remote, settings().dvc_remote + ".away")
    assert version_files(version.name) == folder  # nothing was fetched
    shutil.move(settings().dvc_remote + ".away", settings().dvc_remote)

    rows.write_bytes(rows.read_bytes()[:-1] + b"X")
    assert sha256((version_files(version.name) / "rows.parquet").read_bytes()) == version.files["rows.parquet"]


def test_other_bytes_in_the_remote_are_tampered_and_reach_nobody(version: DatasetVersion, tmp_path: Path) -> None:
    data = stored_rows(version).read_bytes()
    overwrite(stored_rows(version), data[:-1] + b"X")

    with pytest.raises(Tampered, match=r"rows.parquet of flight_delays/.* is not the file that was published"):
        get_version(version.name, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_remote_without_the_data_is_a_sentence(version: DatasetVersion, tmp_path: Path) -> None:
    shutil.rmtree(settings().dvc_remote)

    with pytest.raises(ConfigError, match=r"does not give the data of .*; correct 'dvc_remote' in the settings file"):
        get_version(version.name, tmp_path / "target")


def test_an_unknown_name_gets_the_nearest_match(version: DatasetVersion, tmp_path: Path) -> None:
    wrong = version.name[:-1]
    for ask in (load_version, version_files, lambda name: get_version(name, tmp_path / "target")):
        with pytest.raises(ConfigError, match=f"no dataset version '{wrong}'; did you mean '{version.name}'"):
            ask(wrong)


def test_a_target_with_files_is_left_alone(version: DatasetVersion, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(ConfigError, match="is not empty; name a new or an empty folder"):
            get_version(version.name, target)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_versions_are_listed_from_the_tags_alone(version: DatasetVersion) -> None:
    shutil.rmtree(settings().dvc_remote)

    assert list_versions("flight_delays") == [version]
    assert list_versions("flight") == []
    assert load_version(version.name) == version


def test_a_fresh_project_has_no_versions() -> None:
    assert list_versions("flight_delays") == []


def git(*arguments: str) -> str:
    person = ("-c", "user.name=p", "-c", "user.email=p@localhost")
    command = ["git", "-C", settings().data_repository, *person, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def point_elsewhere(version: DatasetVersion, content: bytes) -> None:
    """Move the tag of ``version`` to a commit whose ``version.json`` is ``content``."""
    command = ["git", "-C", settings().data_repository, "hash-object", "-w", "--stdin"]
    blob = subprocess.run(command, input=content, capture_output=True, check=True).stdout.decode().strip()
    for name in (f"100644 blob {blob}\tversion.json\n", "040000 tree {}\tdata\n"):
        made = subprocess.run(
            ["git", "-C", settings().data_repository, "mktree"],
            input=name.format(blob).encode(),
            capture_output=True,
            check=True,
        )
        blob = made.stdout.decode().strip()
    git("update-ref", f"refs/tags/{version.tag}", git("commit-tree", blob, "-m", "elsewhere"))


@pytest.mark.parametrize("change", ["rows", "no JSON", "no mapping", "another version"])
def test_a_record_that_is_not_the_tags_own_is_tampered(version: DatasetVersion, change: str, tmp_path: Path) -> None:
    other = {
        "rows": version.model_copy(update={"rows": 1}),
        "another version": version.model_copy(update={"tag": "a/b"}),
    }
    content = {"no JSON": b"{", "no mapping": b"[]"}.get(change) or other[change].canonical()
    point_elsewhere(version, content)
    asks = (load_version, version_files, lambda name: get_version(name, tmp_path / "target"))

    for ask in (*asks, lambda _: list_versions(version.use_case)):
        with pytest.raises(Tampered, match=f"version.json at tag {version.tag} is not what the tag was made for"):
            ask(version.name)
    assert not (tmp_path / "target").exists()


def test_a_tag_on_a_commit_without_a_version_is_tampered(version: DatasetVersion) -> None:
    empty = git("hash-object", "-w", "-t", "tree", "/dev/null")
    git("update-ref", f"refs/tags/{version.tag}", git("commit-tree", empty, "-m", "nothing"))

    with pytest.raises(Tampered, match=r"has no data/version.json; restore the data repository"):
        load_version(version.name)


def test_data_that_were_removed_are_a_sentence_that_says_by_whom(version: DatasetVersion, tmp_path: Path) -> None:
    stored_rows(version).unlink()
    record_removal(version.name, version.objects, actor="ana", reason="disk is full")

    with pytest.raises(
        SourceMissing, match=r"were removed by ana \(disk is full\); prepare it again to have them back"
    ):
        get_version(version.name, tmp_path / "target")
