"""A set of files becomes a version, comes back byte for byte, and is refused with a sentence where it cannot."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from driftgate.datasets import (
    FilesVersion,
    all_versions,
    files,
    get_files,
    list_versions,
    load_any,
    load_version,
    publish_files,
    version_files,
)
from driftgate.datasets.packs import files_of
from driftgate.datasets.removal import record_removal, removal_of
from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.settings import settings

KEY = "2013-04-01"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three hundred small files in three folders."""
    for number in range(300):
        path = tmp_path / "folder" / f"{number % 3}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number % 256]) * number)
    return tmp_path / "folder"


@pytest.fixture(autouse=True)
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several archives for what would be one."""
    real = files.pack
    monkeypatch.setattr(files, "pack", lambda *arguments: real(*arguments, pack_bytes=100_000))


def contents_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_of(folder)}


def objects() -> list[Path]:
    return [path for path in Path(settings().dvc_remote).rglob("*") if path.is_file()]


def test_files_come_back_and_the_same_files_make_no_second_version(folder: Path, tmp_path: Path) -> None:
    version = publish_files(folder, "pictures", KEY)
    assert (version.files, version.bytes) == (300, sum(map(len, contents_of(folder).values())))
    assert version.name.startswith("pictures/2013-04-01-")
    assert len(version.packs) > 1
    assert sorted(path.parent.name + path.name for path in objects()) == sorted(version.objects)

    assert contents_of(get_files(version, tmp_path / "deep" / "out")) == contents_of(folder)
    assert publish_files(folder, "pictures", KEY) == version == load_any(version.name)
    (folder / "one.more").write_bytes(b"1")
    other = publish_files(folder, "pictures", KEY)
    assert {found.name for found in all_versions()} == {version.name, other.name}
    assert list_versions("flight_delays") == []
    left = [path.name for path in (tmp_path / "deep").iterdir()]
    assert left == ["out"]


def test_git_dvc_and_tar_alone_are_enough(folder: Path, tmp_path: Path) -> None:
    version, clone = publish_files(folder, "pictures", KEY), tmp_path / "plain"
    environment = {**os.environ, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    for command in (
        ["git", "clone", "--quiet", settings().data_repository, str(clone)],
        ["git", "-C", str(clone), "checkout", "--quiet", version.tag],
        [sys.executable, "-m", "dvc", "--cd", str(clone), "pull", "--quiet"],
    ):
        subprocess.run(command, check=True, capture_output=True, env=environment)
    for path in (clone / "data").glob("*.tar"):
        with tarfile.open(path) as archive:
            archive.extractall(tmp_path / "out", filter="data")

    assert contents_of(tmp_path / "out") == contents_of(folder)
    status = [sys.executable, "-m", "dvc", "--cd", str(clone), "status"]
    said = subprocess.run(status, check=True, capture_output=True, env=environment, text=True).stdout
    assert said == "Data and pipelines are up to date.\n"


def test_a_remote_that_refuses_publishes_nothing_and_heals(folder: Path) -> None:
    remote = Path(settings().dvc_remote)
    remote.write_text("a file where DVC needs a folder")
    with pytest.raises(ConfigError, match=r"refused the data of pictures/2013-04-01-.*nothing was published"):
        publish_files(folder, "pictures", KEY)
    assert all_versions() == []
    remote.unlink()
    assert [publish_files(folder, "pictures", KEY)] == all_versions()


@pytest.mark.parametrize("which", [0, 1])
def test_a_changed_object_reaches_nobody(folder: Path, tmp_path: Path, which: int) -> None:
    version = publish_files(folder, "pictures", KEY)
    md5 = version.objects[which]
    stored = Path(settings().dvc_remote) / "files" / "md5" / md5[:2] / md5[2:]
    stored.write_bytes(stored.read_bytes()[:-1] + b"X")

    with pytest.raises(Tampered, match=rf"of {version.name} in .* is not the file that was published"):
        get_files(version, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".driftgate-*"))


def test_data_that_were_removed_are_a_sentence_and_come_back_when_published_again(folder: Path, tmp_path: Path) -> None:
    version = publish_files(folder, "pictures", KEY)
    shutil.rmtree(settings().dvc_remote)
    with pytest.raises(ConfigError, match="does not give the data of pictures/"):
        get_files(version, tmp_path / "out")
    record_removal(version.name, version.objects, actor="ana", reason="room")
    with pytest.raises(SourceMissing, match=r"were removed by ana \(room\)"):
        get_files(version, tmp_path / "out")
    assert publish_files(folder, "pictures", KEY) == version
    assert removal_of(version.name) is None
    (tmp_path / "out").mkdir()
    assert contents_of(get_files(version, tmp_path / "out")) == contents_of(folder)


def test_what_cannot_be_published_or_restored_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    for name in ("", "Pictures", "a/b", "../a", "9"):
        with pytest.raises(ConfigError, match="is no name for a set of files; use small letters"):
            publish_files(folder, name, KEY)
    with pytest.raises(ConfigError, match="'flight_delays' is a use case"):
        publish_files(folder, "flight_delays", KEY)
    with pytest.raises(ConfigError, match="'yesterday' is not a date"):
        publish_files(folder, "pictures", "yesterday")
    assert all_versions() == []
    version = publish_files(folder, "pictures", KEY)
    with pytest.raises(ConfigError, match="is not empty; name a new or an empty folder"):
        get_files(version, folder)
    for ask in (load_version, version_files):
        with pytest.raises(ConfigError, match=f"{version.name} is a set of files, not of rows to train on"):
            ask(version.name)
    assert isinstance(load_any(version.name), FilesVersion)
