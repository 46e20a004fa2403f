"""A forgotten subject is nowhere in the lake, does not come back, and whoever learned from it is named."""

import gc
from datetime import datetime
from pathlib import Path

import pytest

from driftgate import uris
from driftgate.contracts.treat import KEY
from driftgate.contracts.withdrawals import withdrawals
from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.governance import erasure
from driftgate.lake import as_of, lake, manifest_of, publish, read_manifest, read_table, revisions
from driftgate.lineage import read_stream, verify
from driftgate.metadata import metadata
from driftgate.sources import ingest_partition

from .conftest import ANNA, BEN, KEYS, NOW, deliver, erase, run_day


def passengers(zone, key):
    manifest = read_manifest(lake(), uris.partition(zone, "rides", key))
    return read_table(lake(), manifest).column("passenger").to_pylist()


def everything_written():
    """The bytes of every file of the state folder but what the source delivered."""
    gc.collect()  # a connection to SQLite that is closed later would take its side files away between list and read
    root = Path(lake().uri("").removeprefix("file://")).parent
    files = [path for path in root.rglob("*") if path.is_file() and "drop" not in path.parts]
    return {path: path.read_bytes() for path in files}


def test_the_rows_are_gone_from_every_zone_and_the_others_stay(two_days):
    done = erase()

    assert (done.done, done.rows) == (True, 2)
    for zone in ("raw", "validated"):
        assert passengers(zone, KEYS[0]) == [BEN]
        assert passengers(zone, KEYS[1]) == [BEN]


def test_no_byte_of_the_subject_is_left_in_the_lake_or_the_metadata(two_days):
    holding = [path for path, data in everything_written().items() if ANNA.encode() in data]
    assert holding  # so that the search below can find something
    erase()
    assert [path for path, data in everything_written().items() if ANNA.encode() in data] == []


def test_manifests_stay_as_tombstones_and_a_day_without_the_subject_is_untouched(two_days):
    before = two_days[0]
    erase()

    assert manifest_of(lake(), before.path, before.hash) == before
    with pytest.raises(Tampered, match="is gone"):
        read_table(lake(), before)
    assert read_manifest(lake(), f"validated/rides/{KEYS[1]}") == two_days[1]


def test_ingesting_the_same_delivery_again_does_not_bring_the_subject_back(two_days):
    erase()
    after = read_manifest(lake(), f"raw/rides/{KEYS[0]}")

    run_day(KEYS[0])

    assert read_manifest(lake(), f"raw/rides/{KEYS[0]}") == after  # the same delivery, the same manifest
    assert passengers("validated", KEYS[0]) == [BEN]


def test_a_new_delivery_about_the_subject_is_held_out_too(two_days, rides):
    erase()
    deliver(rides, "2013-04-03", ANNA, BEN)
    run_day("2013-04-03")
    assert passengers("raw", "2013-04-03") == [BEN]


def test_the_past_is_as_if_the_subject_had_never_been_there(project, rides):
    path = f"validated/rides/{KEYS[0]}"
    for moment, who in ((datetime(2013, 4, 2), (ANNA, BEN)), (datetime(2013, 4, 9), (ANNA, BEN, BEN))):
        publish(lake(), path, rides(KEYS[0], *who), known_at=moment, contract="rides@1.0.0")
    erase()

    assert [one.known_at for one in revisions(lake(), path)] == [datetime(2013, 4, 2), datetime(2013, 4, 9)]
    for moment, rows in ((datetime(2013, 4, 3), 1), (datetime(2013, 4, 10), 2)):
        manifest = manifest_of(lake(), path, as_of(lake(), path, moment).manifest)
        assert read_table(lake(), manifest).column("passenger").to_pylist() == [BEN] * rows
    assert passengers("validated", KEYS[0]) == [BEN, BEN]


def test_the_tombstone_names_the_subject_by_a_keyed_hash_only(two_days):
    done = erase()
    (recorded,) = withdrawals("rides")
    assert recorded == done
    assert ANNA not in recorded.model_dump_json()
    assert (recorded.reason, recorded.by, recorded.at) == ("asked", "dpo", NOW)
    assert recorded.partitions == (f"raw/rides/{KEYS[0]}", f"validated/rides/{KEYS[0]}")


def test_forgetting_again_changes_nothing_and_keeps_what_is_known(two_days):
    done = erase()
    files = lake().list("")
    again = erase(now=datetime(2013, 6, 1))
    assert again == done
    assert lake().list("") == files


@pytest.mark.parametrize("treatment", ["hash", "mask", "drop"])
def test_rows_are_found_where_the_key_is_treated(project, change, rides, treatment):
    change(
        "data_contracts/rides.yaml",
        "{property: treatment, value: keep}",
        f"{{property: treatment, value: {treatment}}}",
    )
    deliver(rides, KEYS[0], ANNA, BEN, ANNA)
    deliver(rides, KEYS[1], BEN)
    for key in KEYS:
        run_day(key)
    untouched = read_manifest(lake(), f"validated/rides/{KEYS[1]}")

    erase()

    validated = read_manifest(lake(), f"validated/rides/{KEYS[0]}")
    assert passengers("raw", KEYS[0]) == [BEN]
    assert read_table(lake(), validated).column("ride").to_pylist() == [1]
    assert read_manifest(lake(), f"validated/rides/{KEYS[1]}") == untouched
    run_day(KEYS[0])
    assert read_manifest(lake(), f"validated/rides/{KEYS[0]}").files == validated.files


def test_a_day_that_must_be_judged_again_and_fails_is_published_no_more(project, change, rides):
    change("data_contracts/rides.yaml", "{property: treatment, value: keep}", "{property: treatment, value: mask}")
    change(
        "data_contracts/rides.yaml",
        "  - name: rides\n    properties:",
        "  - name: rides\n    quality: [{id: many, metric: rowCount, mustBeGreaterOrEqualTo: 2, severity: critical}]\n"
        "    properties:",
    )
    deliver(rides, KEYS[0], ANNA, BEN)
    run_day(KEYS[0])

    erase()

    assert passengers("raw", KEYS[0]) == [BEN]
    with pytest.raises(SourceMissing):
        read_manifest(lake(), f"validated/rides/{KEYS[0]}")
    assert [path for path in lake().list(f"validated/rides/{KEYS[0]}") if path.endswith(".parquet")] == []


@pytest.mark.parametrize("step", range(6))
def test_dying_at_any_step_is_healed_by_running_it_again(two_days, monkeypatch, step):
    store, left = lake(), [step]

    class Dies:
        def __getattr__(self, name):
            return getattr(store, name)

        def _may(self):
            if not left[0]:
                raise OSError("the power is gone")
            left[0] -= 1

        def write(self, path, data):
            self._may()
            store.write(path, data)

        def upload(self, path, file):
            self._may()
            store.upload(path, file)

        def delete(self, path):
            self._may()
            store.delete(path)

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "lake", Dies)
        with pytest.raises(OSError, match="power"):
            erase()
    assert withdrawals("rides")[0].done is False

    done = erase()

    assert done.done
    assert passengers("raw", KEYS[0]) == passengers("validated", KEYS[0]) == [BEN]
    assert [path for path, data in everything_written().items() if ANNA.encode() in data] == []


def test_lineage_says_what_took_the_place_of_what(two_days):
    before = two_days[0]
    erase()
    record = read_stream("cab")[-1]
    assert record.job == "driftgate.forget"
    assert before.hash in {ref.version for ref in record.inputs}
    assert read_manifest(lake(), before.path).hash in {ref.version for ref in record.outputs}
    assert verify("cab") == []


@pytest.mark.parametrize(
    ("pairs", "options", "sentence"),
    [
        (["passenger"], {}, "COLUMN=VALUE"),
        (["passenger="], {}, "COLUMN=VALUE"),
        (["pasenger=x"], {}, "did you mean 'passenger'"),
        (["ride=seven"], {}, "is no int32"),
        (["ride=1", "ride=2"], {}, "named twice"),
        ([f"passenger={ANNA}"], {"reason": " "}, "who asked"),
        ([f"passenger={ANNA}"], {"by": ""}, "who asked"),
    ],
)
def test_bad_input_is_a_sentence_without_the_value_and_changes_nothing(two_days, pairs, options, sentence):
    with pytest.raises(ConfigError) as refused:
        erase(*pairs, **options)
    assert sentence in str(refused.value)
    assert ANNA not in str(refused.value)
    assert metadata().all_latest("withdrawal") == []


def test_without_the_key_nothing_is_erased_and_nothing_ingested(two_days, monkeypatch):
    monkeypatch.delenv(KEY)
    with pytest.raises(ConfigError, match=KEY):
        erase()
    monkeypatch.setenv(KEY, "a secret of the test that is long enough")
    erase()
    monkeypatch.setenv(KEY, "another secret, and long enough it is as well")
    with pytest.raises(ConfigError, match="under another"):
        ingest_partition("cab", "rides", KEYS[0])
    with pytest.raises(ConfigError, match="under another"):
        erase()
