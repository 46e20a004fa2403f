"""The record of a dataset version, and the name that its content gives it."""

import pytest

from driftgate.datasets.version import DatasetVersion, named, read_version
from driftgate.errors import Tampered
from driftgate.records import canonical_json

CONTENT = {
    "schema_version": 1,
    "use_case": "flight_delays",
    "key": "2013-03-31",
    "window": {"first": "2013-01-01", "last": "2013-03-31"},
    "rows": 4,
    "split": {"validation_first": "2013-03-18", "train_rows": 3, "validation_rows": 1},
    "labels": {"positive": 1, "negative": 3, "without_outcome": 2},
    "columns": {"carrier": "string", "label": "bool", "split": "string"},
    "feature_set_sha256": "aa",
    "inputs_sha256": "bb",
    "files": {"rows.parquet": "cc"},
    "dvc_md5": "dd",
    "sources": {"validated/flights/2013-03-31": "ee"},
    "older_sources": {"validated/flights/2013-03-31": ["e0"]},
    "views": [],
    "as_of": "2013-04-01T12:00:00",
}
GOLDEN = (
    '{"as_of":"2013-04-01T12:00:00","columns":{"carrier":"string","label":"bool","split":"string"},"dvc_md5":"dd","feature_set_sha256":"aa",'
    '"files":{"rows.parquet":"cc"},"inputs_sha256":"bb","key":"2013-03-31",'
    '"labels":{"negative":3,"positive":1,"without_outcome":2},"name":"flight_delays/2013-03-31-NAME",'
    '"older_sources":{"validated/flights/2013-03-31":["e0"]},"rows":4,'
    '"schema_version":1,"sources":{"validated/flights/2013-03-31":"ee"},'
    '"split":{"train_rows":3,"validation_first":"2013-03-18","validation_rows":1},'
    '"tag":"flight_delays/2013-03-31-NAME","use_case":"flight_delays","views":[],'
    '"window":{"first":"2013-01-01","last":"2013-03-31"}}'
)


def test_the_golden_example() -> None:
    version = named(CONTENT)

    assert version.canonical().decode() == GOLDEN.replace("NAME", "a5982d9")
    assert DatasetVersion.model_validate_json(version.canonical()) == version
    assert read_version(version.canonical(), version.tag) == version


def test_a_version_that_was_made_before_a_field_existed_keeps_its_name() -> None:
    old = {name: value for name, value in CONTENT.items() if name not in ("older_sources", "views", "as_of")}
    written = canonical_json(
        {**old, "name": "flight_delays/2013-03-31-db0dd5f", "tag": "flight_delays/2013-03-31-db0dd5f"}
    )

    assert read_version(written, "flight_delays/2013-03-31-db0dd5f").older_sources == {}


def test_other_content_has_another_name() -> None:
    assert named({**CONTENT, "files": {"rows.parquet": "cd"}}).name != named(CONTENT).name


@pytest.mark.parametrize("field", ["rows", "sources", "files"])
def test_a_record_that_is_not_what_its_name_was_made_from_is_tampered(field: str) -> None:
    version = named(CONTENT)
    changed = version.model_copy(update={field: {"x": "y"} if field != "rows" else 5})

    with pytest.raises(Tampered, match=f"version.json at tag {version.tag} is not what the tag was made for"):
        read_version(changed.canonical(), version.tag)
    with pytest.raises(Tampered, match="restore the data repository"):
        read_version(version.canonical(), "flight_delays/2013-03-31-7654321")
