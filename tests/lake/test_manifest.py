"""A table is published by one pointer: the same bytes for the same rows, and nothing half-visible."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from driftgate.errors import SourceMissing, Tampered
from driftgate.lake import (
    Manifest,
    as_of,
    lake,
    manifest_of,
    publish,
    read_batches,
    read_manifest,
    read_table,
    revisions,
    to_parquet,
)
from driftgate.lake import parquet as parquet_files
from driftgate.lake.store import FolderStore

PATH = "validated/flights/2013-04-01"


def flights(rows: int = 100, *, delay: int = 0) -> pa.Table:
    return pa.table(
        {
            "carrier": pa.array([None if n % 9 == 0 else f"C{n % 5}" for n in range(rows)], pa.string()),
            "delay": pa.array([n + delay for n in range(rows)], pa.int32()),
        }
    )


def damage(path: Path, old: bytes, new: bytes) -> None:
    content = path.read_bytes()
    assert old in content and len(old) == len(new)
    path.write_bytes(content.replace(old, new, 1))


def data_file(home: Path, manifest: Manifest) -> Path:
    return home / "lake" / PATH / manifest.files[0].name


def test_what_is_published_is_read() -> None:
    manifest = publish(lake(), PATH, flights(), contract="flights@1.0.0", inputs=("abc",))
    assert read_manifest(lake(), PATH) == manifest
    assert read_table(lake(), manifest) == flights()
    assert manifest.rows == 100


def test_an_empty_table_keeps_its_columns() -> None:
    manifest = publish(lake(), PATH, flights(0))
    assert read_table(lake(), manifest).schema == flights().schema


def test_the_same_input_gives_the_same_manifest_and_the_same_objects() -> None:
    first = publish(lake(), PATH, flights(), inputs=("abc",))
    objects = lake().list("validated")
    assert publish(lake(), PATH, flights(), inputs=("abc",)).hash == first.hash
    assert lake().list("validated") == objects


def test_equal_rows_in_other_pieces_give_the_same_bytes() -> None:
    # So many words that Arrow's writer, left alone, ends its pages where the pieces end.
    whole = pa.table({"word": [f"x{n}" for n in range(300_000)]})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 100_000), whole.slice(100_001)])
    assert pieces.column("word").num_chunks == 3
    assert to_parquet(pieces) == to_parquet(whole)


@pytest.mark.parametrize("change", ["rows", "contract", "inputs", "type"])
def test_whatever_differs_changes_the_hash(change: str) -> None:
    first = publish(lake(), PATH, flights(), contract="flights@1.0.0", inputs=("abc",))
    wider = flights().set_column(1, "delay", flights().column("delay").cast(pa.int64()))
    second = publish(
        lake(),
        PATH,
        {"rows": flights(delay=1), "type": wider}.get(change, flights()),
        contract="flights@1.0.1" if change == "contract" else "flights@1.0.0",
        inputs=("abd",) if change == "inputs" else ("abc",),
    )
    assert second.hash != first.hash
    assert read_manifest(lake(), PATH) == second


def test_a_reader_with_the_old_manifest_still_reads_the_old_rows() -> None:
    old = publish(lake(), PATH, flights())
    publish(lake(), PATH, flights(delay=7))
    assert read_table(lake(), old) == flights()


def test_nothing_published_is_a_sentence() -> None:
    with pytest.raises(SourceMissing, match=rf"Nothing is published at file://.*/{PATH}; run the ingest DAG for it"):
        read_manifest(lake(), PATH)


def test_one_changed_byte_of_the_data_is_found(project_home: Path) -> None:
    manifest = publish(lake(), PATH, flights())
    damage(data_file(project_home, manifest), b"C1", b"C2")
    with pytest.raises(Tampered, match=r"is not the file that was published: its sha256 differs\. Run the partition"):
        read_table(lake(), manifest)


def test_a_removed_data_file_is_found(project_home: Path) -> None:
    manifest = publish(lake(), PATH, flights())
    data_file(project_home, manifest).unlink()
    with pytest.raises(Tampered, match=r"was published and is gone\. Run the partition again"):
        read_table(lake(), manifest)


@pytest.mark.parametrize("harm", ["changed", "removed"])
def test_running_the_partition_again_mends_it(project_home: Path, harm: str) -> None:
    manifest = publish(lake(), PATH, flights())
    if harm == "changed":
        damage(data_file(project_home, manifest), b"C1", b"C2")
    else:
        data_file(project_home, manifest).unlink()
    publish(lake(), PATH, flights())
    assert read_table(lake(), manifest) == flights()


@pytest.mark.parametrize(
    ("old", "new"), [(b'"rows":100', b'"rows":101'), (b'"contract":', b'"contrakt":'), (b"{", b"["), (b"2013", b"2014")]
)
def test_one_changed_byte_of_the_pointer_is_found(project_home: Path, old: bytes, new: bytes) -> None:
    publish(lake(), PATH, flights())
    damage(project_home / "lake" / PATH / "manifest.json", old, new)
    with pytest.raises(Tampered, match=r"manifest.json is not a manifest that was published there"):
        read_manifest(lake(), PATH)


def test_the_pointer_of_another_partition_is_found(project_home: Path) -> None:
    publish(lake(), PATH, flights())
    other = publish(lake(), "validated/flights/2013-04-02", flights(5))
    (project_home / "lake" / PATH / "manifest.json").write_bytes(other.canonical())
    with pytest.raises(Tampered):
        read_manifest(lake(), PATH)


class Killed(BaseException):
    """The process ends here; nothing that catches errors may catch it."""


class Dying(FolderStore):
    """A store whose writer dies before its n-th write."""

    writes_left = 0

    def write(self, path: str, data: bytes) -> None:
        if self.writes_left == 0:
            raise Killed
        self.writes_left -= 1
        super().write(path, data)

    def create(self, path: str, data: bytes) -> bool:
        self.write(path, data)
        return True

    def upload(self, path: str, file: Path) -> None:
        if self.writes_left == 0:
            raise Killed
        self.writes_left -= 1
        super().upload(path, file)


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_writer_that_dies_at_any_write_leaves_the_old_table_and_can_run_again(
    project_home: Path, writes: int
) -> None:
    old = publish(lake(), PATH, flights(), known_at=NOON)
    dying = Dying(project_home / "lake")
    dying.writes_left = writes
    with pytest.raises(Killed):
        publish(dying, PATH, flights(delay=7), known_at=NOON + HOUR)
    assert read_manifest(lake(), PATH) == old
    assert read_table(lake(), old) == flights()
    assert not list((project_home / "lake").glob(".scratch-*"))
    again = publish(lake(), PATH, flights(delay=7), known_at=NOON + HOUR)
    assert read_manifest(lake(), PATH) == again
    assert read_table(lake(), again) == flights(delay=7)
    assert [one.manifest for one in revisions(lake(), PATH)] == [old.hash, again.hash]


@pytest.fixture
def small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row groups of 10 rows and files of 40, so that 100 rows are several of both."""
    monkeypatch.setattr(parquet_files, "GROUP_ROWS", 10)
    monkeypatch.setattr(parquet_files, "FILE_ROWS", 40)


@pytest.mark.usefixtures("small_groups")
@pytest.mark.parametrize("size", [1, 7, 10, 33, 100, 1000])
def test_batches_of_any_size_give_the_same_files_as_the_table(size: int) -> None:
    whole = publish(lake(), PATH, flights())
    batches: Iterator[pa.RecordBatch] = iter(flights().to_batches(max_chunksize=size))
    assert publish(lake(), PATH, batches, schema=flights().schema) == whole
    assert [file.rows for file in whole.files] == [40, 40, 20]
    assert read_table(lake(), whole) == flights()
    assert pa.Table.from_batches(read_batches(lake(), whole, rows=17)) == flights()


def test_no_batch_at_all_is_a_table_without_rows() -> None:
    manifest = publish(lake(), PATH, iter(()), schema=flights().schema)
    assert read_table(lake(), manifest) == flights(0)


def test_only_the_columns_asked_for_are_read() -> None:
    manifest = publish(lake(), PATH, flights())
    assert read_table(lake(), manifest, columns=["delay"]).column_names == ["delay"]
    assert {batch.schema.names[0] for batch in read_batches(lake(), manifest, columns=["delay"])} == {"delay"}


@pytest.mark.parametrize("harm", ["changed", "removed"])
def test_batches_of_a_damaged_file_are_refused(project_home: Path, harm: str) -> None:
    manifest = publish(lake(), PATH, flights())
    if harm == "changed":
        damage(data_file(project_home, manifest), b"C1", b"C2")
    else:
        data_file(project_home, manifest).unlink()
    with pytest.raises(Tampered):
        next(read_batches(lake(), manifest))


NOON, HOUR = datetime(2013, 4, 2, 12), timedelta(hours=1)


def test_every_content_stays_readable_as_of_its_time() -> None:
    first = publish(lake(), PATH, flights(), known_at=NOON)
    second = publish(lake(), PATH, flights(delay=7), known_at=NOON + HOUR)
    for moment, expected in ((NOON, first), (NOON + HOUR - HOUR / 60, first), (NOON + HOUR, second)):
        found = as_of(lake(), PATH, moment)
        assert found is not None
        assert manifest_of(lake(), PATH, found.manifest) == expected
    assert as_of(lake(), PATH, NOON - HOUR) is None
    assert read_table(lake(), first) == flights()


def test_publishing_the_same_again_is_no_news() -> None:
    publish(lake(), PATH, flights(), known_at=NOON)
    publish(lake(), PATH, flights(), known_at=NOON + HOUR)
    assert [one.known_at for one in revisions(lake(), PATH)] == [NOON]


def test_time_never_runs_back_and_old_content_may_return() -> None:
    first = publish(lake(), PATH, flights(), known_at=NOON)
    publish(lake(), PATH, flights(delay=7), known_at=NOON - HOUR)
    publish(lake(), PATH, flights(), known_at=NOON + HOUR)
    known = revisions(lake(), PATH)
    assert [one.known_at for one in known] == [NOON, NOON, NOON + HOUR]
    assert (known[0].manifest, known[2].manifest) == (first.hash, first.hash)


def test_a_changed_or_removed_manifest_is_noticed() -> None:
    manifest = publish(lake(), PATH, flights())
    where = f"{PATH}/manifests/{manifest.hash}.json"
    lake().write(where, lake().read(where).replace(b'"rows":100', b'"rows":101'))
    with pytest.raises(Tampered, match="is not the manifest that was published"):
        manifest_of(lake(), PATH, manifest.hash)
    lake().delete(where)
    with pytest.raises(SourceMissing, match="is gone; restore it from a backup"):
        manifest_of(lake(), PATH, manifest.hash)


GOLDEN = (
    b'{"bytes":1,"contract":"flights@1.0.0","dropped":["x"],"files":[{"bytes":1,"name":"ab.parquet","rows":2,'
    b'"sha256":"ab"}],"inputs":["cd"],"outcomes":["delay"],"path":"validated/flights/2013-04-01","rows":2,'
    b'"schema_sha256":"ef","schema_version":2}'
)


def test_the_golden_manifest() -> None:
    manifest = Manifest.model_validate_json(GOLDEN)
    assert manifest.canonical() == GOLDEN
    assert manifest.hash == "91a3cd05a3385660f4975017a10340092c7128507bd1d0c461cdd219b40ee605"
