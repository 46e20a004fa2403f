"""One suite for both stores: what holds for a SQLite file holds for DynamoDB."""

import json
import struct
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from local_aws.in_turn import in_turn
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from driftgate.errors import ConfigError
from driftgate.online import OnlineStore, get, online_store, open_online_store
from driftgate.online.dynamodb import DynamoStore
from driftgate.online.sqlite import SqliteStore
from driftgate.online.store import KEEP_DAYS
from driftgate.partition_keys import keys_before

VIEW = "flight_delays/carrier_recent/0123456789abcdef"
DAY, NEXT = "2013-04-01", "2013-04-02"


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnlineStore]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        yield open_online_store(f"sqlite:///{tmp_path}/deep/online.db")
        return
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(DynamoHandler, "call_action", *in_turn(DynamoHandler.call_action))
    with mock_aws():
        made = open_online_store("dynamodb://online")
        assert isinstance(made, DynamoStore)
        made.create_table()
        yield made


def put(store: OnlineStore, day: str, rows: dict[str, dict[str, Any]], view: str = VIEW) -> Any:
    return store.put_many(view, day, (((key,), values) for key, values in rows.items()), key=["carrier"])


def test_what_is_put_is_got(store: OnlineStore) -> None:
    put(store, DAY, {"UA": {"late_share": 0.25, "flights": 7, "hub": "EWR", "gone": None}})
    assert get(store, VIEW, ("UA",), DAY) == (DAY, {"late_share": 0.25, "flights": 7, "hub": "EWR", "gone": None})


def test_the_newest_day_up_to_the_one_asked_for_is_found(store: OnlineStore) -> None:
    put(store, DAY, {"UA": {"n": 1}})
    put(store, "2013-04-03", {"UA": {"n": 3}})
    assert get(store, VIEW, ("UA",), "2013-03-31") is None
    assert [get(store, VIEW, ("UA",), f"2013-04-0{n}") for n in (1, 2, 3, 4)] == [
        (DAY, {"n": 1}),
        (DAY, {"n": 1}),
        ("2013-04-03", {"n": 3}),
        ("2013-04-03", {"n": 3}),
    ]


def test_an_older_day_put_later_hides_nothing(store: OnlineStore) -> None:
    put(store, NEXT, {"UA": {"n": 2}})
    put(store, DAY, {"UA": {"n": 1}})
    assert get(store, VIEW, ("UA",), NEXT) == (NEXT, {"n": 2})
    assert get(store, VIEW, ("UA",), DAY) == (DAY, {"n": 1})


def test_a_key_that_a_newer_snapshot_lacks_has_no_value(store: OnlineStore) -> None:
    """Offline, a carrier without flights in the window has no row either."""
    put(store, DAY, {"UA": {"n": 1}, "B6": {"n": 1}})
    put(store, NEXT, {"UA": {"n": 2}})
    assert get(store, VIEW, ("B6",), NEXT) is None
    snapshot = store.newest(VIEW, NEXT)
    assert snapshot
    assert store.get_many(snapshot, [("UA",), ("B6",)]) == {("UA",): {"n": 2}}


def test_putting_again_is_one_snapshot_and_other_rows_replace_all(store: OnlineStore) -> None:
    first = put(store, DAY, {"UA": {"n": 1}, "B6": {"n": 1}})
    assert put(store, DAY, {"B6": {"n": 1}, "UA": {"n": 1}}) == first
    second = put(store, DAY, {"UA": {"n": 9}})
    assert second != first
    assert store.newest(VIEW, DAY) == second
    assert get(store, VIEW, ("B6",), DAY) is None
    assert store.get_many(first, [("UA",)]) == {("UA",): {"n": 1}}, "who found the old one a moment ago can read it"
    assert put(store, DAY, {"UA": {"n": 1}, "B6": {"n": 1}}) == store.newest(VIEW, DAY)
    assert get(store, VIEW, ("B6",), DAY) == (DAY, {"n": 1})


def test_rows_that_know_less_replace_nothing(store: OnlineStore) -> None:
    """Values are made days ahead, and again when something came in; a backfill of old days must not undo that."""

    def made(as_of: str, n: int) -> Any:
        return store.put_many(VIEW, "2013-04-03", [(("UA",), {"n": n})], key=["carrier"], as_of=as_of)

    assert made(DAY, 1).as_of == DAY
    newer = made("2013-04-03", 3)
    assert made(NEXT, 2) == newer == store.newest(VIEW, "2013-04-03")
    assert get(store, VIEW, ("UA",), "2013-04-03") == ("2013-04-03", {"n": 3})


def test_the_same_rows_of_a_later_day_are_newer_news(store: OnlineStore) -> None:
    for as_of in (DAY, NEXT):
        put_as_of = store.put_many(VIEW, "2013-04-03", [(("UA",), {"n": 1})], key=["carrier"], as_of=as_of)
        assert put_as_of.as_of == as_of
        assert store.newest(VIEW, "2013-04-03") == put_as_of


def test_an_empty_snapshot_says_that_nobody_has_a_value(store: OnlineStore) -> None:
    put(store, DAY, {"UA": {"n": 1}})
    put(store, NEXT, {})
    assert get(store, VIEW, ("UA",), NEXT) is None
    assert store.newest(VIEW, NEXT) is not None


def test_views_do_not_mix(store: OnlineStore) -> None:
    put(store, DAY, {"UA": {"n": 1}})
    put(store, DAY, {"UA": {"n": 2}}, view=f"{VIEW}0")
    assert get(store, VIEW, ("UA",), DAY) == (DAY, {"n": 1})
    assert get(store, f"{VIEW}0", ("UA",), DAY) == (DAY, {"n": 2})
    assert get(store, VIEW[:-1], ("UA",), DAY) is None


def test_a_key_is_its_columns_with_their_types(store: OnlineStore) -> None:
    keys: list[tuple[str | int, ...]] = [("1",), (1,), ("1", 1), ('["', "#"), ("Ü",), ("",), (2**62,)]
    store.put_many(VIEW, DAY, ((key, {"n": n}) for n, key in enumerate(keys)), key=["any"])
    snapshot = store.newest(VIEW, DAY)
    assert snapshot
    assert store.get_many(snapshot, keys) == {key: {"n": n} for n, key in enumerate(keys)}


def test_more_keys_than_one_call_holds(store: OnlineStore) -> None:
    put(store, DAY, {f"C{n}": {"n": n} for n in range(1_101)})
    snapshot = store.newest(VIEW, DAY)
    assert snapshot
    found = store.get_many(snapshot, [(f"C{n}",) for n in range(1_200)])
    assert found == {(f"C{n}",): {"n": n} for n in range(1_101)}


def test_only_the_newest_days_are_kept(store: OnlineStore) -> None:
    days = keys_before(DAY, KEEP_DAYS + 2)
    for day in days:
        put(store, day, {"UA": {"n": 1}})
    assert get(store, VIEW, ("UA",), days[1]) is None
    assert get(store, VIEW, ("UA",), days[2]) == (days[2], {"n": 1})


def test_days_expire(store: OnlineStore) -> None:
    put(store, DAY, {"UA": {"n": 1}})
    put(store, NEXT, {"UA": {"n": 2}})
    assert store.expire(NEXT) == 1
    assert get(store, VIEW, ("UA",), DAY) is None
    assert get(store, VIEW, ("UA",), NEXT) == (NEXT, {"n": 2})
    assert store.expire(NEXT) == 0


def test_a_subject_is_forgotten_in_every_view_and_day(store: OnlineStore) -> None:
    other = "flight_delays/tail_at_origin/0123456789abcdef"
    for day in (DAY, NEXT):
        put(store, day, {"UA": {"n": 1}, "B6": {"n": 1}})
        rows = [(("N1", "EWR"), {"n": 1}), (("N1", "JFK"), {"n": 1}), (("N2", "EWR"), {"n": 1})]
        store.put_many(other, day, rows, key=["tail_number", "origin"])
    before = store.newest(other, NEXT)

    assert store.forget({"tail_number": "N1"}) == 4
    assert get(store, other, ("N1", "EWR"), NEXT) is None
    assert get(store, other, ("N1", "JFK"), DAY) is None
    assert get(store, other, ("N2", "EWR"), NEXT) == (NEXT, {"n": 1})
    assert get(store, VIEW, ("UA",), NEXT) == (NEXT, {"n": 1})
    assert store.newest(other, NEXT) != before, "readers must not go on with what they read before"
    assert store.forget({"tail_number": "N1"}) == 0
    assert store.forget({"passenger": "N2"}) == 0
    assert store.forget({"origin": "EWR", "tail_number": "N2"}) == 2


def test_a_forgotten_subject_does_not_come_back_with_the_same_rows(store: OnlineStore) -> None:
    put(store, DAY, {"UA": {"n": 1}, "B6": {"n": 1}})
    store.forget({"carrier": "UA"})
    put(store, DAY, {"UA": {"n": 1}, "B6": {"n": 1}})
    assert get(store, VIEW, ("UA",), DAY) is None
    assert get(store, VIEW, ("B6",), DAY) == (DAY, {"n": 1})


JSON = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5)
ANY = JSON | st.floats(allow_nan=False, allow_infinity=False)


@examples(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text("abc", min_size=1), ANY, max_size=4))
def test_values_come_back_exactly(store: OnlineStore, values: dict[str, Any]) -> None:
    put(store, DAY, {"UA": values})
    found = get(store, VIEW, ("UA",), DAY)
    assert found
    assert bits(found[1]) == bits(values)


def bits(values: dict[str, Any]) -> dict[str, Any]:
    """Floats by their bits, so that 0.0 is not -0.0 and 1 is not 1.0."""
    return {
        name: struct.pack("d", value) if type(value) is float else (type(value), value)
        for name, value in values.items()
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused_and_the_old_snapshot_stays(store: OnlineStore, value: float) -> None:
    put(store, DAY, {"UA": {"n": 1}})
    with pytest.raises(ConfigError, match=r'gives \["B6"\] a value that is not finite; guard the division'):
        put(store, DAY, {"UA": {"n": 2}, "B6": {"n": value}})
    assert get(store, VIEW, ("UA",), DAY) == (DAY, {"n": 1})


def test_a_key_given_twice_is_refused(store: OnlineStore) -> None:
    with pytest.raises(ConfigError, match=r'gives \["UA"\] twice; make it one row per key'):
        store.put_many(VIEW, DAY, [(("UA",), {"n": 1}), (("UA",), {"n": 1})], key=["carrier"])
    assert store.newest(VIEW, DAY) is None


def test_threads_read_while_one_writes(store: OnlineStore) -> None:
    """Every answer is one snapshot's, whole: both keys have the same number."""

    def read(_: int) -> None:
        snapshot = store.newest(VIEW, DAY)
        assert snapshot
        found = store.get_many(snapshot, [("UA",), ("B6",)])
        assert found[("UA",)] == found[("B6",)]

    put(store, DAY, {"UA": {"n": 0}, "B6": {"n": 0}})
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read, n) for n in range(100)]
        for n in range(1, 3):
            put(store, keys_before(DAY, 1 + n)[0], {"UA": {"n": n}, "B6": {"n": n}})
        for one in reads:
            one.result()


def _write(path: Path, number: int) -> None:
    store = SqliteStore(path)
    for day in keys_before(DAY, 5):
        store.put_many(f"view{number % 2}", day, [(("UA",), {"n": day})], key=["carrier"])


def test_processes_that_write_at_the_same_moment_all_write(tmp_path: Path, at_once: Callable[..., list[Any]]) -> None:
    path = tmp_path / "new" / "online.db"
    assert at_once(*(partial(_write, path, number) for number in range(4))) == [None] * 4
    store = SqliteStore(path)
    for view in ("view0", "view1"):
        assert [get(store, view, ("UA",), day) for day in keys_before(DAY, 5)] == [
            (day, {"n": day}) for day in keys_before(DAY, 5)
        ]


def test_the_store_is_the_one_of_the_settings(project_home: Path) -> None:
    put(online_store(), DAY, {"UA": {"n": 1}})
    assert get(SqliteStore(project_home / "online.db"), VIEW, ("UA",), DAY) == (DAY, {"n": 1})


@pytest.mark.parametrize("url", ["online.db", "sqlite:///", "dynamodb://", "dynamodb://a/b", "redis://x", ""])
def test_another_kind_of_address_is_a_sentence(url: str) -> None:
    with pytest.raises(ConfigError, match=r"is neither sqlite:///file nor dynamodb://table; correct 'online'"):
        open_online_store(url)


def test_a_table_that_does_not_exist_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws(), pytest.raises(ConfigError, match=r"DynamoDB has no table 'nowhere' .*; create it"):
        open_online_store("dynamodb://nowhere").newest(VIEW, DAY)


def test_rows_of_dynamodb_carry_their_end_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        store = DynamoStore("online")
        store.create_table()
        put(store, DAY, {"UA": {"n": 1}})
        found = store.client.scan(TableName="online")["Items"]
        ends = store.client.describe_time_to_live(TableName="online")["TimeToLiveDescription"]
    assert [json.loads(item["body"]["S"]) for item in found if "expires" in item] == [{"n": 1}]
    assert ends["AttributeName"] == "expires"
