"""Many files in few archives: plain tar, found by an index, byte for byte, and nothing outside the folder."""

import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.datasets.packs import Packed, files_of, pack, stored_file, unpack
from driftgate.datasets.version import StoredFile
from driftgate.errors import ConfigError, Tampered

NAMES = ["a", "b/c.txt", "b/" + "n" * 120, "ü/日本.bin", "z" * 90 + "/" + "y" * 90, "b/line\nbreak"]


def written(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, data in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def packed(folder: Path, target: Path, pack_bytes: int = 2**20) -> tuple[list[StoredFile], list[Packed]]:
    target.mkdir()
    made = list(pack(folder, files_of(folder), target, pack_bytes))
    return [archive for archive, _ in made], [entry for _, entries in made for entry in entries]


def contents_of(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in files_of(folder)}


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=1500), min_size=1),
    st.sampled_from([1, 1000, 3000, 2**20]),
)
def test_what_is_packed_comes_back_by_index_and_by_tar(
    tmp_path_factory: pytest.TempPathFactory, contents: dict[str, bytes], pack_bytes: int
) -> None:
    home = tmp_path_factory.mktemp("packs")
    folder = written(home / "folder", contents)
    archives, index = packed(folder, home / "packs", pack_bytes)
    by_tar = home / "by-tar"
    for path in sorted((home / "packs").iterdir()):
        unpack(path, [entry for entry in index if entry.pack == path.name], home / "by-index")
        with tarfile.open(path) as archive:
            archive.extractall(by_tar, filter="data")

    assert contents_of(home / "by-index") == contents_of(by_tar) == contents
    assert [stored_file(path) for path in sorted((home / "packs").iterdir())] == archives
    assert sum(entry.bytes for entry in index) == sum(map(len, contents.values()))


def test_equal_files_give_equal_archives_whatever_owner_mode_and_time(tmp_path: Path) -> None:
    contents = {"b": b"2", "a/c": b"1" * 5000}
    one, two = written(tmp_path / "one", contents), written(tmp_path / "two", dict(reversed(contents.items())))
    os.utime(two / "b", (0, 0))
    (two / "b").chmod(0o600)

    assert packed(one, tmp_path / "p1") == packed(two, tmp_path / "p2")


def test_the_tar_of_the_system_reads_it(tmp_path: Path) -> None:
    contents = {name: name.encode() * 100 for name in NAMES}
    packed(written(tmp_path / "folder", contents), tmp_path / "packs")
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "packs" / "pack-0000.tar"], cwd=tmp_path / "out", check=True)

    assert contents_of(tmp_path / "out") == contents


def test_a_changed_byte_is_found_out_and_names_that_lead_outside_are_refused(tmp_path: Path) -> None:
    _, index = packed(written(tmp_path / "folder", {"a": b"12345"}), tmp_path / "packs")
    archive = tmp_path / "packs" / "pack-0000.tar"
    for name in ("../a", "/a", "b/../../a", ""):
        with pytest.raises(Tampered, match="would be written outside the folder"):
            unpack(archive, [index[0].model_copy(update={"name": name})], tmp_path / "out")
    data = bytearray(archive.read_bytes())
    data[index[0].offset] ^= 1
    archive.write_bytes(bytes(data))
    with pytest.raises(Tampered, match=r"a in pack-0000.tar is not the file that was published"):
        unpack(archive, index, tmp_path / "out")
    assert not (tmp_path / "a").exists()


def link(folder: Path) -> None:
    (folder / "link").symlink_to("a")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")


def odd_name(folder: Path) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).write_bytes(b"")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [(link, "link is no plain file"), (pipe, "pipe is no plain file"), (odd_name, r"is not UTF-8; rename it")],
)
def test_what_is_no_file_is_a_sentence(tmp_path: Path, make: Callable[[Path], None], sentence: str) -> None:
    make(written(tmp_path / "folder", {"a": b"1"}))

    with pytest.raises(ConfigError, match=sentence):
        files_of(tmp_path / "folder")


def test_no_folder_and_no_files_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "empty" / "inner").mkdir(parents=True)
    with pytest.raises(ConfigError, match="empty has no files; name the folder that holds the files"):
        files_of(tmp_path / "empty")
    with pytest.raises(ConfigError, match="none is no folder"):
        files_of(tmp_path / "none")
