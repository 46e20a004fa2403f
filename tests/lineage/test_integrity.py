"""``verify`` finds a record that was altered, removed or moved, and says which one."""

import json
from pathlib import Path

import pytest

from driftgate.lake import lake
from driftgate.lineage import DatasetRef, emit, verify
from driftgate.lineage.record import content_hash


@pytest.fixture
def chain(project_home: Path) -> Path:
    """The folder of a chain of four records."""
    for number in range(1, 5):
        emit(
            "nycflights",
            job="ingest",
            run_id=str(number),
            inputs=[],
            outputs=[DatasetRef("raw/flights/2013-04-01", "v")],
        )
    return project_home / "lake" / "lineage" / "nycflights"


def test_an_untouched_chain_holds(chain: Path) -> None:
    assert verify("nycflights") == []
    assert verify("unknown") == []


def test_one_changed_byte_is_found(chain: Path) -> None:
    record = chain / "00000002.json"
    record.write_text(record.read_text().replace("2013-04-01", "2013-04-02"))

    assert verify("nycflights") == [
        "lineage/nycflights/00000002.json was altered: its content does not give the hash that it carries."
    ]


def test_a_record_rewritten_with_a_fitting_hash_is_found_by_its_successor(chain: Path) -> None:
    record = chain / "00000002.json"
    event = json.loads(record.read_text())
    event["outputs"] = []
    event["run"]["facets"]["driftgate_chain"]["hash"] = content_hash(event)
    record.write_text(json.dumps(event))

    assert verify("nycflights") == [
        "lineage/nycflights/00000003.json does not follow the record before it: one of the two was altered or replaced."
    ]


@pytest.mark.parametrize("sequence", [1, 2, 4])
def test_a_removed_record_is_found_even_the_newest(chain: Path, sequence: int) -> None:
    (chain / f"0000000{sequence}.json").unlink()
    removed = f"lineage/nycflights/0000000{sequence}.json was removed: the chain went on after it."

    assert verify("nycflights") == [removed]
    emit("nycflights", job="ingest", run_id="5", inputs=[], outputs=[])
    assert verify("nycflights") == [removed], "the next record must not fill the gap"


def test_a_replaced_newest_record_is_found(chain: Path) -> None:
    newest = chain / "00000004.json"
    event = json.loads(newest.read_text())
    event["job"]["name"] = "another"
    event["run"]["facets"]["driftgate_chain"]["hash"] = content_hash(event)
    newest.write_text(json.dumps(event))

    assert verify("nycflights") == [
        "lineage/nycflights/00000004.json is not the record that was written there: head.json knows another hash."
    ]


def test_records_in_each_others_place_are_found(chain: Path) -> None:
    first, second = (lake().read(f"lineage/nycflights/0000000{number}.json") for number in (2, 3))
    lake().write("lineage/nycflights/00000002.json", second)
    lake().write("lineage/nycflights/00000003.json", first)

    assert verify("nycflights") == [
        "lineage/nycflights/00000002.json holds the record of another place, lineage/nycflights/00000003.json.",
        "lineage/nycflights/00000003.json holds the record of another place, lineage/nycflights/00000002.json.",
        "lineage/nycflights/00000004.json does not follow the record before it: "
        "one of the two was altered or replaced.",
    ]


def test_what_is_not_a_record_any_more_is_found(chain: Path) -> None:
    (chain / "00000003.json").write_text("{}")

    assert verify("nycflights") == [
        "lineage/nycflights/00000003.json cannot be read as a lineage record: it was altered."
    ]
