"""One suite for both stores: what holds for a folder on a laptop holds for S3."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import boto3
import pytest
from botocore.exceptions import ClientError
from local_aws.in_turn import in_turn
from moto import mock_aws
from moto.s3.responses import S3Response

from driftgate.errors import ConfigError, Conflict
from driftgate.lake import lake
from driftgate.lake.store import FolderStore, S3Store, Store, open_store

WRITERS = 16


@pytest.fixture(params=["folder", "s3", "s3_prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """An empty store of each kind."""
    if request.param == "folder":
        yield open_store(f"file://{tmp_path}/lake")
        return
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(S3Response, "put_object", *in_turn(S3Response.put_object))
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="lake")
        yield open_store("s3://lake" if request.param == "s3" else "s3://lake/team/a")


def test_what_is_written_is_read(store: Store) -> None:
    store.write("raw/flights/a.parquet", b"\x00\xff")
    assert store.read("raw/flights/a.parquet") == b"\x00\xff"
    assert store.exists("raw/flights/a.parquet")


def test_writing_again_replaces(store: Store) -> None:
    store.write("a/b", b"one")
    store.write("a/b", b"")
    assert store.read("a/b") == b""


def test_a_missing_object_is_not_there(store: Store) -> None:
    store.write("raw/flights/2013-04-01/manifest.json", b"")
    for path in ("nothing", "raw", "raw/flights", "raw/flights/2013-04-01/manifest.json/x", "raw/flights/2013"):
        assert not store.exists(path)
        with pytest.raises(FileNotFoundError):
            store.read(path)


def test_a_large_object_goes_through_files(store: Store) -> None:
    with store.scratch() as folder:
        (folder / "built").write_bytes(b"x" * 100_000)
        store.upload("a/b", folder / "built")
        assert not (folder / "built").exists()
    assert not folder.exists()
    with store.local("a/b") as file:
        assert file.read_bytes() == b"x" * 100_000
    assert store.list("a") == ["a/b"]


def test_no_local_file_of_a_missing_object(store: Store) -> None:
    with pytest.raises(FileNotFoundError), store.local("a/b"):
        pass


def test_scratch_is_no_object(store: Store) -> None:
    with store.scratch() as folder:
        (folder / "built").write_bytes(b"x")
        assert store.list("") == []


def test_create_leaves_the_first_and_says_so(store: Store) -> None:
    assert store.create("a/b", b"first") is True
    assert store.create("a/b", b"second") is False
    assert store.read("a/b") == b"first"


def test_of_many_creating_at_once_exactly_one_wins(store: Store) -> None:
    for attempt in range(5):
        path, start = f"race/{attempt}", Barrier(WRITERS)

        def create(writer: int, path: str = path, start: Barrier = start) -> bool:
            start.wait()
            return store.create(path, f"writer {writer}".encode())

        with ThreadPoolExecutor(WRITERS) as pool:
            won = list(pool.map(create, range(WRITERS)))
        assert won.count(True) == 1
        assert store.read(path) == f"writer {won.index(True)}".encode()


def test_a_reader_sees_an_old_or_a_new_object_and_never_a_part(tmp_path: Path) -> None:
    """S3 promises it; moto, which plays S3 here, closes an object under its reader, so only the folder is asked."""
    store = FolderStore(tmp_path)
    contents = [bytes([letter]) * 200_000 for letter in b"xy"]
    store.write("a", contents[0])
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(lambda: [store.write("a", contents[n % 2]) for n in range(30)])
        seen = set()
        while not writing.done():
            seen.add(store.read("a"))
        writing.result()
    assert seen <= set(contents)


def test_list_names_every_object_below_a_folder_and_nothing_else(store: Store) -> None:
    for path in ("raw/b/2", "raw/b/1", "raw/a/x/y", "rawer/c", "other"):
        store.write(path, b"")
    assert store.list("raw") == ["raw/a/x/y", "raw/b/1", "raw/b/2"]
    assert store.list("raw/b") == ["raw/b/1", "raw/b/2"]
    assert store.list("raw/b/1") == []
    assert store.list("nothing") == []


def test_list_names_more_objects_than_one_answer_of_s3_holds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")
    for number in range(25):
        store.write(f"many/{number:02d}", b"")
    assert store.list("many") == [f"many/{number:02d}" for number in range(25)]


def test_delete_removes_and_a_missing_object_is_no_error(store: Store) -> None:
    store.write("a/b", b"")
    store.delete("a/b")
    store.delete("a/b")
    assert not store.exists("a/b")
    assert store.list("a") == []


def test_uris_are_those_that_people_write(tmp_path: Path) -> None:
    assert FolderStore(tmp_path).uri("raw/a") == f"file://{tmp_path}/raw/a"
    with mock_aws():
        assert S3Store("lake", "").uri("raw/a") == "s3://lake/raw/a"
        assert S3Store("lake", "team/a").uri("raw/a") == "s3://lake/team/a/raw/a"


@pytest.mark.parametrize("uri", ["/tmp/lake", "gs://lake", "", "s3:lake", "s3:///lake", "file://lake", "file:lake"])
def test_another_kind_of_address_is_a_sentence(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"is neither file:///folder nor s3://bucket; correct 'lake' in the settings"):
        open_store(uri)


def test_the_lake_is_the_store_of_the_settings(project_home: Path) -> None:
    lake().write("a", b"1")
    assert (project_home / "lake" / "a").read_bytes() == b"1"


def test_a_writer_that_is_killed_leaves_the_old_object_and_no_litter_in_lists(tmp_path: Path) -> None:
    """The write is stopped between the bytes and the rename, where a crash hurts most."""
    store = FolderStore(tmp_path)
    store.write("a/b", b"old")
    script = (
        "import sys, pathlib, time\n"
        "from driftgate.lake.store import FolderStore\n"
        "pathlib.Path.replace = lambda *_: (print(1, flush=True), time.sleep(60))\n"
        "FolderStore(pathlib.Path(sys.argv[1])).write('a/b', b'new')"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
    assert store.read("a/b") == b"old"
    assert store.list("a") == ["a/b"]


def test_a_write_that_s3_has_not_decided_is_tried_again_by_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        store = S3Store("lake", "")

        def undecided(**_: object) -> None:
            raise ClientError({"Error": {"Code": "ConditionalRequestConflict"}}, "PutObject")

        monkeypatch.setattr(store.client, "put_object", undecided)
        with pytest.raises(Conflict, match="s3://lake/a is being written by another process; try again"):
            store.create("a", b"")


def test_a_bucket_that_does_not_exist_is_an_error_and_not_an_empty_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(), pytest.raises(ClientError, match="NoSuchBucket"):
        S3Store("nowhere", "").read("a")


def test_stores_share_one_client() -> None:
    with mock_aws():
        assert S3Store("a", "").client is S3Store("b", "").client


def test_a_listing_says_how_large_and_how_old_each_object_is(store: Store) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)  # S3 knows whole seconds only
    store.write("raw/b", b"four")
    store.write("raw/a", b"")
    store.write("rawer/c", b"x")

    listed = store.objects("raw")

    assert [(item.path, item.bytes) for item in listed] == [("raw/a", 0), ("raw/b", 4)]
    assert all(before <= item.written_at <= datetime.now(UTC) for item in listed)
