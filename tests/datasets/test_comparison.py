"""Two versions side by side, and one that is built again."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.datasets import DatasetVersion, load_version, prepare, versions_reading
from driftgate.datasets.comparison import Change, compare
from driftgate.datasets.reproduction import reproduce
from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.lake import lake, publish, read_manifest, read_table
from driftgate.use_cases import UseCase

LAST = "2013-03-31"


@pytest.fixture
def version(story: Any, project_home: Path) -> DatasetVersion:
    """The version of the story, in a state folder of this test's own."""
    shutil.copytree(story.home, project_home, dirs_exist_ok=True)
    found: DatasetVersion = story.version
    return found


def test_what_differs_is_named(
    version: DatasetVersion, shaped: Callable[..., UseCase], in_a_project: Callable[..., None]
) -> None:
    path = uris.partition("validated", "flights", "2013-03-24")
    before, table = read_manifest(lake(), path).hash, read_table(lake(), read_manifest(lake(), path))
    publish(lake(), path, table.slice(0, table.num_rows - 5))
    use_case = shaped(label="arr_delay_minutes > 30", window_days=11).model_copy(update={"online": {}})
    in_a_project(f"SELECT 1 AS one, * FROM (\n{use_case.features_sql})")
    other = prepare(use_case, LAST)
    found = compare(version.name, other.name)

    assert found.window == Change(first="2013-03-20 to 2013-03-31", second="2013-03-21 to 2013-03-31")
    assert (found.rows.first, found.rows.second) == (version.rows, other.rows)
    assert found.label_share.first > found.label_share.second > 0
    assert found.columns_added == {"one": "int32"}
    assert (found.columns_removed, found.columns_changed) == ({}, {})
    assert found.parameters["version.label"] == Change(first="arr_delay_minutes > 15", second="arr_delay_minutes > 30")
    changes = {change.path: (change.first, change.second) for change in found.sources}
    assert changes[path] == ((before,), (read_manifest(lake(), path).hash,))
    assert "validated/flights/2013-03-25" not in changes
    assert "+SELECT 1 AS one, * FROM (" in found.features_sql
    back = compare(other.name, version.name)
    assert (back.columns_removed, back.columns_added) == ({"one": "int32"}, {})


def test_a_version_and_itself_differ_in_nothing(version: DatasetVersion) -> None:
    found = compare(version.name, version.name)

    assert (found.columns_changed, found.sources, found.parameters, found.features_sql) == ({}, (), {}, "")


def test_a_column_of_another_type_is_changed(
    version: DatasetVersion, use_case: UseCase, in_a_project: Callable[..., None]
) -> None:
    name, kind = next((name, kind) for name, kind in version.columns.items() if kind == "double")
    in_a_project(f"SELECT * REPLACE ({name}::VARCHAR AS {name}) FROM (\n{use_case.features_sql})")
    other = prepare(use_case.model_copy(update={"online": {}}), LAST)

    assert compare(version.name, other.name).columns_changed == {name: Change(first=kind, second="string")}


def test_an_unknown_name_gets_the_nearest_match(version: DatasetVersion) -> None:
    for ask in (lambda name: compare(name, version.name), lambda name: compare(version.name, name), reproduce):
        with pytest.raises(ConfigError, match=f"did you mean '{version.name}'"):
            ask(version.name[:-1])


def test_which_versions_read_a_dataset(version: DatasetVersion) -> None:
    for path in ("validated/flights", "validated/flights/2013-03-31", "validated"):
        assert version in versions_reading(path)
    for path in ("validated/flight", "validated/flights/2013-03-3", "raw"):
        assert versions_reading(path) == []


def test_a_version_comes_out_again_also_after_a_correction(version: DatasetVersion) -> None:
    path = uris.partition("validated", "flights", "2013-03-24")
    publish(lake(), path, read_table(lake(), read_manifest(lake(), path)).slice(5))
    shutil.rmtree(Path(lake().uri("prepared").removeprefix("file://")), ignore_errors=True)
    found = reproduce(version.name)

    assert found.equal
    assert found.rows_sha256 == version.files["rows.parquet"]
    assert load_version(version.name) == version


def test_rows_kept_from_before_are_not_believed(version: DatasetVersion) -> None:
    kept = list(Path(lake().uri("prepared").removeprefix("file://")).rglob("*.parquet"))
    assert kept
    for file in kept:
        table = pq.read_table(file)
        pq.write_table(table.slice(1), file)

    assert reproduce(version.name).equal


def test_other_code_that_computes_other_rows_is_found_out(
    version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    from driftgate.datasets import stage

    monkeypatch.setattr(stage, "write_one", lambda path, parts: pq.write_table(next(iter([*parts])), path))
    found = reproduce(version.name)

    assert not found.equal
    recorded, now = found.different["files"]
    assert version.files["rows.parquet"] in recorded
    assert found.rows_sha256 in now


def test_a_source_that_is_gone_or_changed_is_a_sentence(version: DatasetVersion) -> None:
    path = uris.partition("validated", "flights", "2013-03-24")
    manifest = read_manifest(lake(), path)
    file = f"{path}/{manifest.files[0].name}"
    data = lake().read(file)
    lake().write(file, data[:-1] + b"X")
    with pytest.raises(Tampered, match="is not the file that was published"):
        reproduce(version.name)
    lake().write(file, data)
    lake().delete(f"{path}/manifests/{version.sources[path]}.json")
    with pytest.raises(SourceMissing, match="is gone"):
        reproduce(version.name)
