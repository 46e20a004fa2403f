"""A forgotten subject is nowhere in the lake, does not come back, and whoever learned from it is named."""

import json
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.captures.capture import Capture
from driftgate.captures.segments import write_captures
from driftgate.contracts import publish_partition, validate_partition
from driftgate.contracts.treat import KEY
from driftgate.contracts.withdrawals import withdrawals
from driftgate.datasets import DatasetVersion
from driftgate.errors import ConfigError, SourceMissing, Tampered
from driftgate.governance import erasure
from driftgate.governance.erasure import contains_withdrawn, forget, who_saw
from driftgate.lake import as_of, lake, manifest_of, publish, read_manifest, read_table, revisions
from driftgate.lineage import read_stream, verify
from driftgate.metadata import metadata
from driftgate.settings import settings
from driftgate.sources import ingest_partition

ANNA, BEN = "anna@example.com", "ben@example.com"
KEYS = ("2013-04-01", "2013-04-02")
NOW = datetime(2013, 5, 1, 12)


def deliver(rides, key, *passengers):
    path = Path(settings().drop) / "cab" / "rides" / f"{key}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rides(key, *passengers), path)


def run_day(key):
    """Go the whole way of a delivery, with Great Expectations in it."""
    ingest_partition("cab", "rides", key)
    validate_partition("rides", key)
    publish_partition("rides", key)


@pytest.fixture
def two_days(project, rides):
    """Anna rode on the first day only, Ben on both; the manifests of the validated partitions."""
    manifests = []
    for key, who in zip(KEYS, ((ANNA, BEN, ANNA), (BEN,)), strict=True):
        deliver(rides, key, *who)
        raw, path = ingest_partition("cab", "rides", key), f"validated/rides/{key}"
        manifests.append(publish(lake(), path, rides(key, *who), contract="rides@1.0.0", inputs=(raw.hash,)))
    return manifests


def passengers(zone, key):
    manifest = read_manifest(lake(), uris.partition(zone, "rides", key))
    return read_table(lake(), manifest).column("passenger").to_pylist()


def erase(*pairs, **options):
    return forget("rides", pairs or [f"passenger={ANNA}"], **{"reason": "asked", "by": "dpo", "now": NOW, **options})


def everything_written():
    """The bytes of every file of the state folder but what the source delivered."""
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


def capture(place, passenger):
    row = {"ride": place, "started_at": "2013-04-01T08:00:00", "passenger": passenger}
    return Capture(
        prediction_id=f"p{place}",
        use_case="fares",
        variant_role="champion",
        model_version="1",
        deployment_revision=1,
        step="serving",
        score=0.5,
        error=None,
        latency_ms=1.0,
        received_at=datetime(2013, 4, 1, 7),
        event_time="2013-04-01T08:00:00",
        request_key=json.dumps({"ride": place}),
        features=json.dumps(row),
    )


@pytest.fixture
def fares(monkeypatch):
    """A use case over ``rides``, as far as erasure asks for one."""
    from types import SimpleNamespace

    from driftgate.governance import erase_captures

    for module in (erase_captures, erasure):
        monkeypatch.setattr(module, "use_case_names", lambda: ["fares"])
    monkeypatch.setattr(erase_captures, "load_use_case", lambda _: SimpleNamespace(datasets=("rides",)))


def test_captures_and_prepared_days_of_the_subject_go(two_days, fares):
    write_captures([capture(0, ANNA), capture(1, BEN)])
    write_captures([capture(2, ANNA)])
    lake().write(f"prepared/fares/{KEYS[0]}/abc.parquet", ANNA.encode())
    lake().write(f"prepared/fares/{KEYS[1]}/abc.parquet", b"others")

    assert erase().rows == 4
    assert read_captures("fares", "2013-04-01").column("prediction_id").to_pylist() == ["p1"]
    assert lake().list("prepared") == [f"prepared/fares/{KEYS[1]}/abc.parquet"]


def test_versions_and_models_that_held_the_subject_are_named(two_days, fares, monkeypatch):
    def version(name, **sources):
        return DatasetVersion.model_construct(name=name, sources=sources, older_sources={})

    first, second = two_days
    versions = [version("fares/a", **{first.path: first.hash}), version("fares/b", **{second.path: second.hash})]
    monkeypatch.setattr(erasure, "list_versions", lambda _: versions)
    models = [type("Model", (), {"version": str(n), "dataset_version": f"fares/{x}"}) for n, x in ((1, "a"), (2, "b"))]
    monkeypatch.setattr(erasure, "list_models", lambda _: models)

    assert who_saw("rides", [f"passenger={ANNA}"]).versions == ("fares/a",)
    done = erase()

    assert (done.versions, done.models) == (("fares/a",), ("fares/1",))
    assert who_saw("rides", [f"passenger={ANNA}"]).models == ("fares/1",)  # also when nothing holds it any more
    assert contains_withdrawn("fares/a")
    assert contains_withdrawn("fares/1")
    assert not contains_withdrawn("fares/2")
    assert who_saw("rides", ["passenger=carl@example.com"]).partitions == {}


def test_a_store_beside_the_lake_can_take_part(two_days, monkeypatch):
    asked = []
    monkeypatch.setattr(erasure, "ERASERS", [lambda subject: asked.append(subject.texts) or 1])
    assert erase().rows == 3
    assert asked == [{"passenger": ANNA}]


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
