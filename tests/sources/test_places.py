"""Only finished files are seen, in the order of their names, and a change in mid-read is found out."""

from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from driftgate.errors import ConfigError, SourceMissing, SourceUnready
from driftgate.lake import lake
from driftgate.sources import ingest_partition
from driftgate.sources.places import open_place

from .conftest import PARQUET, let_alone
from .test_conformance import ROWS, as_parquet

KEY = "2013-04-01"


def names(place, pattern: str) -> list[str]:
    with place.fetch(pattern) as files:
        return [file.name for file in files]


@pytest.fixture
def folder(tmp_path: Path):
    for name in ("b.csv", "a.csv", "a.txt", ".a.csv", "_a.csv", "c.csv.tmp", "d.csv.part", "e.csv.crdownload"):
        let_alone(tmp_path / name) if (tmp_path / name).write_text(name) else None
    (tmp_path / "folder.csv").mkdir()
    return tmp_path


def test_finished_files_come_in_the_order_of_their_names(folder):
    assert names(open_place(str(folder)), "*.csv") == ["a.csv", "b.csv"]
    assert names(open_place(str(folder)), "a.csv") == ["a.csv"]
    assert names(open_place(str(folder)), "nothing/*.csv") == []
    assert names(open_place(f"file://{folder}"), "c.csv") == []


@pytest.mark.parametrize(
    "unfinished", ["f.csv.tmp", "f.csv.part", "f.csv.partial", "f.csv.crdownload", ".f.csv", "_f.csv"]
)
def test_a_part_that_is_being_written_makes_all_of_it_wait(unfinished, folder):
    (folder / unfinished).write_text("half")
    with pytest.raises(SourceUnready, match="is still being written; the partition is read when it is done"):
        names(open_place(str(folder)), "*.csv")
    let_alone(folder / unfinished)  # forgotten by a writer that died

    assert names(open_place(str(folder)), "*.csv") == ["a.csv", "b.csv"]


def test_a_marker_is_no_data_and_nothing_to_wait_for(folder):
    for marker in ("_SUCCESS", "a.csv.done"):
        (folder / marker).touch()

    assert names(open_place(str(folder)), "*") == ["a.csv", "a.txt", "b.csv"]


def test_in_a_bucket_it_is_the_same(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="drop")
        for name in ("b.csv", "a.csv", "a.txt", "_a.csv", "c.csv.tmp", "deeper/a.csv", "a.csv.done"):
            client.put_object(Bucket="drop", Key=f"team/cab/{name}", Body=name.encode())
        with open_place("s3://drop/team").fetch("cab/*.csv") as files:
            found = {file.name: (file.path.read_text(), file.where) for file in files}
        assert found == {
            "cab/a.csv": ("a.csv", "s3://drop/team/cab/a.csv"),
            "cab/b.csv": ("b.csv", "s3://drop/team/cab/b.csv"),
        }
        assert not any(file.path.exists() for file in files)
        assert names(open_place("s3://drop"), "team/cab/a.csv") == ["team/cab/a.csv"]
        with pytest.raises(ConfigError, match=r"s3://gone/a cannot be listed .NoSuchBucket.; correct the bucket"):
            names(open_place("s3://gone"), "a")


def test_another_kind_of_place_is_refused():
    with pytest.raises(ConfigError, match="'ftp://host/drop' is neither a folder nor s3://bucket"):
        open_place("ftp://host/drop")


def test_a_file_that_is_changed_while_it_is_read_is_not_published(trips, project_home, monkeypatch):
    trips(PARQUET)
    path = project_home / "drop" / "cab" / "trips" / f"{KEY}.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(as_parquet(ROWS))

    def replaced(batch, *_):
        path.write_bytes(as_parquet(ROWS[:2]))

    monkeypatch.setattr("driftgate.sources.ingest.require_day", replaced)
    with pytest.raises(SourceUnready, match="was changed while it was read"):
        ingest_partition("cab", "trips", KEY)
    assert lake().list("raw") == []
    monkeypatch.undo()


def test_only_an_unfinished_old_file_is_as_good_as_none(trips, project_home):
    trips(PARQUET)
    path = project_home / "drop" / "cab" / "trips" / f"{KEY}.parquet.tmp"
    path.parent.mkdir(parents=True)
    path.write_bytes(as_parquet(ROWS))
    let_alone(path)
    with pytest.raises(SourceMissing):
        ingest_partition("cab", "trips", KEY)
