"""What the endpoint saw against what training sees: nothing on a good night, the feature by name on a bad one."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.contracts import load_contract
from driftgate.datasets import DatasetVersion, prepare, trained_features
from driftgate.lake import lake, publish
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, measure
from driftgate.monitoring.evidence import read_evidence
from driftgate.monitoring.judges.skew import Differences, differences, severity
from driftgate.monitoring_policy import Tier
from driftgate.partition_keys import due, keys_between
from driftgate.registry import ModelVersion
from driftgate.sources import sample
from driftgate.use_cases import UseCase

DAYS = keys_between("2013-03-20", "2013-03-30")
NIGHT = "2013-03-31"
KEY = ("carrier", "flight")
TIERS: dict[str, Tier] = {"distance_miles": "critical", "dest": "important", "aircraft_manufacturer": "informational"}


def publish_flights(day: str, rows: pa.Table | None = None, known_at: datetime | None = None) -> None:
    publish(
        lake(),
        uris.partition("validated", "flights", day),
        sample.table_of("flights", day) if rows is None else rows,
        known_at=known_at or due(day),
        outcomes=tuple(load_contract("flights").outcomes),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, DatasetVersion]]:
    """A state folder with eleven published days, and a dataset version made of them."""
    from driftgate.use_cases import load_use_case

    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        patch.setenv("DRIFTGATE_ENV", "local")
        whole = load_use_case("flight_delays")
        train = whole.train.model_copy(update={"window_days": len(DAYS), "validation_days": 3})
        for day in (*DAYS, NIGHT):
            publish_flights(day)
            for dataset in whole.datasets[1:]:
                publish(lake(), uris.partition("validated", dataset, day), sample.table_of(dataset, day))
        yield home, prepare(whole.model_copy(update={"train": train}), DAYS[-1])


@pytest.fixture
def served(
    trained: tuple[Path, DatasetVersion],
    use_case: UseCase,
    nights: Any,
    put_package: Callable[..., ModelVersion],
    feature_shares: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[..., Evidence]]:
    """Answer the night's requests with model 1, trained on that version, and measure the skew."""
    home, version = trained
    monkeypatch.setenv("DRIFTGATE_HOME", str(home))
    for path in lake().list(uris.captures(use_case.name, NIGHT)):
        lake().delete(path)
    if metadata().latest("model", f"{use_case.name}/1") is None:
        shares = feature_shares(distance_miles=0.9, aircraft_manufacturer=0.1)  # critical, informational
        files = {"model.txt": b"tree", "feature_baseline.json": shares}
        put_package("1", files, dataset_version=version.name)
    truth = trained_features(version.name, NIGHT).to_pylist()
    rows = [{name: plain(value) for name, value in row.items()} for row in truth]

    def measured(change: Callable[[int, dict[str, Any]], dict[str, Any]] = lambda _, row: row) -> Evidence:
        nights.answer(NIGHT, [change(number, dict(row)) for number, row in enumerate(rows)])
        return measure(use_case, NIGHT, "skew")

    yield measured


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def test_what_was_seen_is_what_training_sees(served: Callable[..., Evidence], use_case: UseCase) -> None:
    found = served()
    assert (found.verdict, found.value, found.features, found.examples) == ("ok", 0.0, (), ())
    assert found.sample_size == sample.table_of("flights", NIGHT).num_rows
    assert "are what training sees of them" in found.sentence
    assert read_evidence(use_case.name, NIGHT, "skew") == found


def test_a_planted_difference_is_found_by_its_name(served: Callable[..., Evidence]) -> None:
    """One row in twenty has a distance in kilometres, one in fifty lost its destination."""

    def planted(number: int, row: dict[str, Any]) -> dict[str, Any]:
        if number % 20 == 0:
            row["distance_miles"] = round(row["distance_miles"] * 1.609)
        if number % 50 == 0:
            row["dest"] = None
        return row

    found = served(planted)
    rows = found.sample_size
    assert (found.verdict, found.severity) == ("drift", "major")
    assert found.features == ("distance_miles", "dest")
    assert found.value == pytest.approx(len({*range(0, rows, 20), *range(0, rows, 50)}) / rows)
    by_name = {(one.name, one.feature): one.value for one in found.statistics}
    assert by_name["differing_rows", "dest"] == pytest.approx(len(range(0, rows, 50)) / rows)
    assert by_name["largest_difference", "distance_miles"] > 100
    assert len(found.examples) == 5
    assert "distance_miles in" in found.sentence


def test_a_few_rows_below_the_limit_are_told_and_are_no_skew(served: Callable[..., Evidence]) -> None:
    found = served(lambda number, row: row | ({"distance_miles": 1} if number < 3 else {}))
    assert found.verdict == "ok"
    assert found.features == ()
    assert found.sentence.startswith("3 of ")
    assert len(found.examples) == 3


def test_it_is_minor_where_only_what_informs_differs(served: Callable[..., Evidence]) -> None:
    found = served(lambda number, row: row | {"aircraft_manufacturer": "X"} | ({"dest": None} if number < 3 else {}))
    assert (found.verdict, found.severity) == ("drift", "minor")


@pytest.mark.parametrize(
    ("differing", "expected"),
    [
        ({"distance_miles": 51}, "critical"),
        ({"distance_miles": 50}, "major"),
        ({"dest": 100}, "major"),
        ({"aircraft_manufacturer": 100}, "minor"),
        ({"aircraft_manufacturer": 100, "dest": 2}, "major"),
        ({"aircraft_manufacturer": 1, "dest": 1, "distance_miles": 1}, "major"),  # each within the limit
    ],
)
def test_the_tier_and_the_share_say_how_bad_it_is(differing: dict[str, int], expected: str) -> None:
    assert severity(Differences(rows=100, by_feature=Counter(differing)), TIERS, 0.01) == expected


def test_no_value_of_a_row_is_in_the_evidence(served: Callable[..., Evidence]) -> None:
    found = served(lambda _, row: row | {"aircraft_manufacturer": "SECRET WORKS", "distance_miles": 987654})
    assert "aircraft_manufacturer" in found.features
    assert found.severity == "critical"
    assert "SECRET" not in found.canonical().decode()
    assert "987654" not in found.canonical().decode()


def test_a_correction_that_claims_to_have_been_there_changes_what_training_sees(
    served: Callable[..., Evidence],
) -> None:
    """The night's flights are published anew with other distances: what callers sent was right then."""
    table = sample.table_of("flights", NIGHT)
    place = table.schema.get_field_index("distance_miles")
    other = pa.array([7] * table.num_rows, table.schema.field(place).type)
    publish_flights(NIGHT, table.set_column(place, "distance_miles", other))
    try:
        found = served()
    finally:
        publish_flights(NIGHT)
    assert (found.verdict, found.features) == ("drift", ("distance_miles",))


def test_requests_that_never_were_are_counted_apart(served: Callable[..., Evidence]) -> None:
    found = served(lambda number, row: row | ({"flight": 99_000 + number} if number < 40 else {}))
    assert found.verdict == "ok"
    assert found.statistics[0].name == "unknown_requests"
    assert found.statistics[0].value == 40
    assert found.sample_size == sample.table_of("flights", NIGHT).num_rows - 40


def test_only_unknown_requests_cannot_be_judged(served: Callable[..., Evidence]) -> None:
    found = served(lambda number, row: row | {"flight": 99_000 + number})
    assert found.verdict == "insufficient"
    assert "is in the partition" in found.sentence


def test_without_captures_there_is_nothing_to_judge(use_case: UseCase) -> None:
    found = measure(use_case, NIGHT, "skew")
    assert (found.verdict, found.champion) == ("insufficient", None)
    assert "was answered by a champion" in found.sentence


def test_without_the_models_dataset_version_the_sentence_says_so(use_case: UseCase, nights: Any) -> None:
    nights.answer("2013-04-02", nights.rows("2013-04-02"))
    found = measure(use_case, "2013-04-02", "skew")
    assert (found.verdict, found.champion) == ("insufficient", "1")
    assert "There is no offline truth of 2013-04-02: flight_delays has no model version '1'" in found.sentence


def test_rows_are_compared_exactly_but_for_how_json_writes_them() -> None:
    moment = datetime(2013, 4, 1, 5, 15)
    truth = [{"carrier": "UA", "flight": 1, "share": 0.1 + 0.2, "count": 3, "last": moment, "gone": None}]
    text = '{"carrier": "UA", "flight": 1, "share": 0.30000000000000004, "count": 3, "gone": null}'
    same = {**json.loads(text), "last": "2013-04-01T05:15"}
    assert differences([("a", same)], truth, KEY).differing == []
    for change in ({"share": 0.3}, {"count": None}, {"count": "3"}, {"last": "2013-04-01T05:16"}, {"last": "soon"}):
        found = differences([("a", {**same, **change})], truth, KEY)
        assert (found.differing, list(found.by_feature)) == (["a"], list(change))


def test_a_column_that_the_endpoint_never_saw_differs() -> None:
    found = differences([("a", {"carrier": "UA", "flight": 1})], [{"carrier": "UA", "flight": 1, "share": 0.5}], KEY)
    assert list(found.by_feature) == ["share"]


def test_not_a_number_is_null() -> None:
    truth = [{"carrier": "UA", "flight": 1, "share": float("nan")}]
    captured = [("a", json.loads('{"carrier": "UA", "flight": 1, "share": null}'))]
    assert differences(captured, truth, KEY).differing == []
